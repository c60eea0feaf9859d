import { afterAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/common/app-error.js';
import { CAPS, type Findings, type RangedFormatName } from '../../src/connectors/families/files/analysis.js';
import { analyzeRanges, closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import { RangeFiles } from '../../src/connectors/families/files/range-files.js';
import type { FileStore, StoredFile } from '../../src/connectors/families/files/stores/file-store.js';
import { MemoryStore } from '../support/memory-store.js';
import { workbookParts, zipFile, type ZipInput } from '../support/zip-file.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/files');
const RSS_RISE = 150 * 2 ** 20;

afterAll(() => closeParsers());

async function read(format: RangedFormatName, bytes: Uint8Array): Promise<Findings & { bytesRead: number }> {
  const store = new MemoryStore(new Map([['a', bytes]]));
  const files = new RangeFiles(store, CAPS.wideRangeBytes);
  const task = { format, path: 'a', size: bytes.length, options: {} };
  const findings = await analyzeRanges(task, files, AbortSignal.timeout(30_000));
  return { ...findings, bytesRead: store.bytesRead };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return (error as AppError).code;
  }
}

const sheet = (rows: string): string => `<worksheet><sheetData>${rows}</sheetData></worksheet>`;
const ROW = '<row><c t="inlineStr"><is><t>id</t></is></c></row><row><c><v>1</v></c></row>';

describe('a workbook', () => {
  const workbook = (more: readonly ZipInput[]): Buffer =>
    zipFile([...workbookParts({ A: sheet(ROW) }), ...more]);

  test('that is small and swells to hundreds of megabytes is refused by what it says, unread', async () => {
    const bomb = zipFile(workbookParts({ A: sheet('<row><c><v>1</v></c></row>'.repeat(12_000_000)) }));
    expect(bomb.length).toBeLessThan(2 * 2 ** 20);
    const before = process.memoryUsage.rss();
    expect(await codeOf(read('excel', bomb))).toBe('FILE_TOO_LARGE_INFLATED');
    expect(process.memoryUsage.rss() - before).toBeLessThan(RSS_RISE);
  });

  test('that says it were small and swells is refused when it does', async () => {
    const [rels, book, bookRels] = workbookParts({ A: '' });
    const bytes = sheet(ROW.repeat(100_000));
    const lying = zipFile(
      [rels, book, bookRels]
        .filter((part) => part !== undefined)
        .concat({ name: 'xl/worksheets/sheet0.xml', bytes, says: { bytes: 1_000 } }),
    );
    expect(await codeOf(read('excel', lying))).toBe('FILE_TOO_LARGE_INFLATED');
  });

  test('of a million parts, or with parts that overlap, lead outside or are encrypted, is refused', async () => {
    expect((await read('excel', workbook([]))).datasets).toMatchObject([{ part: 'A', rowEstimate: 1 }]);
    const many = Array.from({ length: 66_000 }, (_, index) => ({ name: `p${String(index)}`, bytes: '' }));
    expect(await codeOf(read('excel', workbook(many)))).toBe('FILE_UNREADABLE');
    for (const part of [
      { name: 'overlap', bytes: 'x'.repeat(100), says: { offset: 10 } },
      { name: '../../etc/passwd', bytes: 'x' },
      { name: '/etc/passwd', bytes: 'x' },
      { name: 'C:\\x', bytes: 'x' },
      { name: 'secret', bytes: 'x', flags: 1 },
    ])
      expect(await codeOf(read('excel', workbook([part])))).toBe('FILE_UNREADABLE');
    expect(await codeOf(read('excel', zipFile([{ name: 'inner.zip', bytes: workbook([]) }])))).toBe(
      'FILE_UNREADABLE',
    );
  });

  test('that declares a document type is refused, and nothing is expanded', async () => {
    const lol = `<!DOCTYPE lolz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${sheet(ROW)}`;
    expect(await codeOf(read('excel', zipFile(workbookParts({ A: lol }))))).toBe('FILE_UNREADABLE');
    const { datasets } = await read(
      'excel',
      zipFile(
        workbookParts({ A: sheet('<row><c t="inlineStr"><is><t>&b;&#65;&amp;lt;</t></is></c></row>') }),
      ),
    );
    expect(datasets[0]?.fields.map(({ name }) => name)).toEqual(['&b;A&lt;']);
  });

  test('of one endless tag is read in time, and not by the package with the faults', async () => {
    const long = 'a'.repeat(4_000_000);
    for (const xml of [
      `<worksheet ${long}>`,
      `<worksheet ${long}="">`,
      `<dimension ref="${'1'.repeat(2_000_000)}x"/>`,
    ])
      expect((await read('excel', zipFile(workbookParts({ A: xml }), false))).datasets).toMatchObject([
        { fields: [] },
      ]);
    const lock = await readFile(join(import.meta.dirname, '../../package-lock.json'), 'utf8');
    expect(lock).not.toContain('"node_modules/xlsx"');
  });

  test('with cells in absurd places has columns within the caps', async () => {
    const cells =
      '<row r="99999999999"><c r="ZZZZ1"><v>1</v></c><c r="XFD1"><v>1</v></c><c r="A1" t="s"><v>-1</v></c></row>';
    const found = await read(
      'excel',
      zipFile(workbookParts({ A: sheet(cells), constructor: sheet(''), __proto__x: sheet(cells) })),
    );
    expect(found.datasets[0]?.fields).toHaveLength(CAPS.fields);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('of many megabytes is read by its beginnings', async () => {
    const rows = Array.from(
      { length: 400_000 },
      (_, index) =>
        `<row r="${String(index + 1)}"><c t="${index === 0 ? 'str' : 'n'}"><v>${String(Math.imul(index, 2_654_435_761))}</v></c></row>`,
    );
    const long = `<worksheet><dimension ref="A1:A400000"/><sheetData>${rows.join('')}</sheetData></worksheet>`;
    const bytes = zipFile(workbookParts({ A: long, B: long, C: long }));
    expect(bytes.length).toBeGreaterThan(5 * 2 ** 20);
    const { datasets, bytesRead } = await read('excel', bytes);
    expect(datasets).toMatchObject([
      { part: 'A', rowEstimate: 399_999, properties: { sampled: true }, fields: [{ type: 'integer' }] },
      { part: 'B' },
      { part: 'C' },
    ]);
    expect(bytesRead).toBeLessThan(CAPS.wideRangeBytes / 2);
  });
});

/** A file of zeros with true bytes at its end, however long. */
function longStore(end: Uint8Array, size: number): { store: FileStore; read: () => number } {
  let bytesRead = 0;
  const base = new MemoryStore(new Map());
  const file: StoredFile = {
    size,
    version: '1',
    read: (offset, length) => {
      bytesRead += length;
      const bytes = new Uint8Array(length);
      const from = Math.max(0, size - end.length - offset);
      const part = end.subarray(
        Math.max(0, offset - (size - end.length)),
        Math.max(0, offset + length - (size - end.length)),
      );
      if (part.length > 0) bytes.set(part, from);
      return Promise.resolve(bytes);
    },
    close: () => Promise.resolve(),
  };
  return { store: Object.assign(base, { open: () => Promise.resolve(file) }), read: () => bytesRead };
}

describe('a footer', () => {
  /** Numbers as Thrift and Protocol Buffers write them. */
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  const parquetEnd = (footer: Uint8Array, says = footer.length): Buffer => {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(says >>> 0);
    trailer.write('PAR1', 4, 'latin1');
    return Buffer.concat([footer, trailer]);
  };
  const orcEnd = (footer: Uint8Array, says = footer.length): Buffer => {
    const postscript = Buffer.from([0x08, ...varint(says), 0x10, 0, 0xc2, 0xf4, 0x03, 3, 0x4f, 0x52, 0x43]);
    return Buffer.concat([footer, postscript, Buffer.of(postscript.length)]);
  };

  test('of absurd length, count or depth is refused', async () => {
    const element = [0x48, 0x01, 0x61, 0x00];
    const nested = Array.from({ length: 10_000 }, () => [0x48, 0x01, 0x61, 0x15, 0x02, 0x00]).flat();
    const cases: readonly (readonly [RangedFormatName, Buffer])[] = [
      ['parquet', parquetEnd(Buffer.alloc(20), 2 ** 31)],
      ['parquet', parquetEnd(Buffer.from([0x15, 0x02, 0x19, 0xfc, ...varint(2 ** 31), ...element]))],
      [
        'parquet',
        parquetEnd(Buffer.from([0x15, 0x02, 0x19, 0xfc, ...varint(10_001), ...nested, ...element, 0x00])),
      ],
      ['parquet', parquetEnd(Buffer.alloc(5_000, 0x1c))],
      ['parquet', parquetEnd(Buffer.alloc(5_000, 0x19))],
      ['orc', orcEnd(Buffer.alloc(20), 2 ** 31)],
      ['orc', orcEnd(Buffer.from([0x22, ...varint(2 ** 31)]))],
      // A struct whose child is itself, and one of 10,000 levels.
      ['orc', orcEnd(Buffer.from([0x22, 0x07, 0x08, 0x0c, 0x12, 0x01, 0x00, 0x1a, 0x00]))],
      [
        'orc',
        orcEnd(
          Buffer.concat([
            Buffer.from([0x22, 0x04, 0x08, 0x0c, 0x10, 0x01]),
            ...Array.from({ length: 10_000 }, (_, index) =>
              Buffer.from([0x22, 3 + varint(index + 2).length, 0x08, 0x0a, 0x10, ...varint(index + 2)]),
            ),
          ]),
        ),
      ],
    ];
    for (const [format, end] of cases)
      expect(
        await codeOf(read(format, Buffer.concat([Buffer.from(format === 'orc' ? 'ORC' : 'PAR1'), end]))),
      ).toBe('FILE_UNREADABLE');
  });

  test('that counts 2^62 rows is read, without a count', async () => {
    const root = [0x48, 0x01, 0x72, 0x15, 0x02, 0x00];
    const leaf = [0x15, 0x02, 0x25, 0x00, 0x18, 0x01, 0x61, 0x00];
    const rows = [0x16, ...Array<number>(8).fill(0xff), 0x7f];
    const footer = Buffer.from([0x15, 0x02, 0x19, 0x2c, ...root, ...leaf, ...rows, 0x19, 0x0c, 0x00]);
    const { datasets } = await read('parquet', Buffer.concat([Buffer.from('PAR1'), parquetEnd(footer)]));
    expect(datasets).toMatchObject([{ fields: [{ name: 'a', type: 'integer' }] }]);
    expect(datasets[0]?.rowEstimate).toBeUndefined();
  });

  test('of many megabytes in a file of terabytes costs one megabyte', async () => {
    const root = [0x48, 0x01, 0x72, 0x15, 0x02, 0x00];
    const leaf = [0x15, 0x02, 0x25, 0x00, 0x18, 0x01, 0x61, 0x00];
    const beginning = Buffer.from([
      0x15,
      0x02,
      0x19,
      0x2c,
      ...root,
      ...leaf,
      0x16,
      0x0a,
      0x19,
      0xfc,
      ...varint(1_000_000),
    ]);
    const groups = Buffer.alloc(20 * 2 ** 20, Buffer.from([0x26, 0x02, 0x00]));
    const { store, read: bytesRead } = longStore(parquetEnd(Buffer.concat([beginning, groups])), 2 ** 42);
    const task = { format: 'parquet', path: 'a', size: 2 ** 42, options: {} } as const;
    const { datasets } = await analyzeRanges(
      task,
      new RangeFiles(store, CAPS.rangeBytes),
      AbortSignal.timeout(30_000),
    );
    expect(datasets).toMatchObject([
      { fields: [{ name: 'a' }], rowEstimate: 5, properties: { row_groups: 1_000_000 } },
    ]);
    expect(bytesRead()).toBeLessThanOrEqual(CAPS.rangeBytes);
  });

  test('at the end of a terabyte is found', async () => {
    for (const [format, name] of [
      ['parquet', 'parquet/kinds.parquet'],
      ['orc', 'orc/zstd.orc'],
    ] as const) {
      const { store, read: bytesRead } = longStore(await readFile(join(FIXTURES, name)), 2 ** 42);
      const task = { format, path: 'a', size: 2 ** 42, options: {} };
      const { datasets } = await analyzeRanges(
        task,
        new RangeFiles(store, CAPS.rangeBytes),
        AbortSignal.timeout(30_000),
      );
      expect(datasets[0]?.fields.length).toBeGreaterThan(14);
      expect(bytesRead()).toBeLessThanOrEqual(16_384);
    }
  });
});

describe('a store', () => {
  test('that fails in the middle of an analysis has its own code', async () => {
    const bytes = await readFile(join(FIXTURES, 'parquet/kinds.parquet'));
    const store = new MemoryStore(new Map([['a', bytes]]));
    const file = await store.open('a');
    const failing = Object.assign(store, {
      open: () =>
        Promise.resolve({ ...file, read: () => Promise.reject(new AppError('UNREACHABLE', 'gone')) }),
    });
    const task = { format: 'parquet', path: 'a', size: bytes.length, options: {} } as const;
    expect(
      await codeOf(
        analyzeRanges(task, new RangeFiles(failing, CAPS.rangeBytes), AbortSignal.timeout(30_000)),
      ),
    ).toBe('UNREACHABLE');
  });

  test('that never answers ends with its caller, not with the clock of the parser', async () => {
    const store = new MemoryStore(new Map([['a', Buffer.from('PAR1')]]));
    const caller = new AbortController();
    const asked = new Promise<void>((resolve) => {
      Object.assign(store, {
        open: () => {
          resolve();
          return new Promise(() => undefined);
        },
      });
    });
    const task = { format: 'parquet', path: 'a', size: 100, options: {} } as const;
    const code = codeOf(analyzeRanges(task, new RangeFiles(store, CAPS.rangeBytes), caller.signal));
    await asked;
    caller.abort(new AppError('CANCELLED', 'left'));
    expect(await code).toBe('CANCELLED');
  });

  test('is not asked for more than the budget', async () => {
    const bytes = await readFile(join(FIXTURES, 'excel/orders.xlsx'));
    const store = new MemoryStore(new Map([['a', bytes]]));
    const task = { format: 'excel', path: 'a', size: bytes.length, options: {} } as const;
    expect(await codeOf(analyzeRanges(task, new RangeFiles(store, 1_000), AbortSignal.timeout(30_000)))).toBe(
      'FILE_UNREADABLE',
    );
    expect(store.bytesRead).toBe(0);
  });
});
