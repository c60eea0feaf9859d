import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/common/app-error.js';
import type { Findings, RangedFormatName } from '../../src/connectors/families/files/analysis.js';
import { analyzeRanges } from '../../src/connectors/families/files/parser-pool.js';
import { RangeFiles } from '../../src/connectors/families/files/range-files.js';
import type { Field } from '../../src/connectors/spi/index.js';
import { MemoryStore } from './memory-store.js';
import { mutationsOf } from './mutations.js';
import { workbookParts, zipFile } from './zip-file.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/files');

/** A binary file of a format that is damaged, among the others that it needs. */
interface Subject {
  readonly name: string;
  readonly format: RangedFormatName;
  /** Of the source. */
  readonly path: string;
  readonly others: ReadonlyMap<string, Uint8Array>;
  /** The one that is damaged. */
  readonly place: string;
  readonly original: Uint8Array;
}

const SHEET = `<worksheet><dimension ref="A1:C3"/><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>id &amp; more</t></is></c><c r="B1" t="str"><v>note</v></c></row>
<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t><![CDATA[x]]></t></is></c><c r="C2" t="b"><v>1</v></c></row>
<row r="3"><c r="A3" s="9"><v>2.5</v></c><c t="e"><v>#N/A</v></c><c t="d"><v>2026-01-31</v></c></row>
</sheetData></worksheet>`;

/** The binary formats, with a file for each way that they are read. */
export async function subjects(): Promise<readonly Subject[]> {
  const fixture = (path: string): Promise<Uint8Array> => readFile(join(FIXTURES, path));
  const one = async (format: RangedFormatName, name: string): Promise<Subject> => ({
    name,
    format,
    path: 'a',
    others: new Map(),
    place: 'a',
    original: await fixture(name),
  });
  const checkpoint = '_delta_log/00000000000000000003.checkpoint.parquet';
  const commit = '.hoodie/timeline/20260131100000000_20260131100001000.commit';
  return [
    await one('parquet', 'parquet/kinds.parquet'),
    await one('orc', 'orc/zlib.orc'),
    await one('orc', 'orc/zstd.orc'),
    await one('orc', 'orc/lz4.orc'),
    await one('orc', 'orc/snappy.orc'),
    await one('orc', 'orc/uncompressed.orc'),
    await one('avro', 'avro/deflate.avro'),
    await one('excel', 'excel/orders.xlsx'),
    {
      ...(await one('excel', 'excel/orders.xlsx')),
      name: 'excel, not packed',
      original: zipFile(workbookParts({ Orders: SHEET, Other: SHEET }), false),
    },
    {
      name: 'delta checkpoint',
      format: 'delta_lake',
      path: 't',
      others: new Map(),
      place: `t/${checkpoint}`,
      original: await fixture(`delta/checkpointed/${checkpoint}`),
    },
    {
      name: 'hudi commit',
      format: 'hudi',
      path: 't',
      others: new Map([['t/.hoodie/hoodie.properties', await fixture('hudi/v8/.hoodie/hoodie.properties')]]),
      place: `t/${commit}`,
      original: await fixture(`hudi/v8/${commit}`),
    },
  ];
}

export interface Outcome {
  readonly files: number;
  /** How many ended so: `ok`, or the code of the fault. */
  readonly codes: ReadonlyMap<string, number>;
  /** Processor time of the slowest one: what else the machine does is not in it. */
  readonly slowestMs: number;
}

/**
 * Reads damaged copies of a file in the parser threads, as the product does.
 *
 * @throws Error where one ends in anything but facts of the right shape or an AppError; its number is in the message.
 */
export async function readDamaged(subject: Subject, files: number, seed: number): Promise<Outcome> {
  const codes = new Map<string, number>();
  let slowestMs = 0;
  let number = 0;
  for (const bytes of mutationsOf(subject.original, seed)) {
    number += 1;
    const began = process.cpuUsage();
    let code: string;
    try {
      code = shapeOf(await read(subject, bytes));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERNAL')
        throw new Error(`File ${String(number)} of ${subject.name} (seed ${String(seed)}).`, {
          cause: error,
        });
      code = error.code;
    }
    const { user, system } = process.cpuUsage(began);
    slowestMs = Math.max(slowestMs, (user + system) / 1_000);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (number >= files) break;
  }
  return { files: number, codes, slowestMs };
}

async function read({ format, path, others, place }: Subject, bytes: Buffer): Promise<Findings> {
  const store = new MemoryStore(new Map([...others, [place, bytes]]));
  const files = new RangeFiles(store, 8 * 2 ** 20);
  const size = path === place ? bytes.length : 0;
  return analyzeRanges({ format, path, size, options: {} }, files, AbortSignal.timeout(60_000));
}

function shapeOf({ datasets }: Findings): 'ok' {
  for (const { fields, rowEstimate = 0 } of datasets) {
    checkFields(fields);
    if (!Number.isSafeInteger(rowEstimate) || rowEstimate < 0) throw new Error('The rows are no count.');
  }
  return 'ok';
}

function checkFields(fields: readonly Field[]): void {
  const names = new Set(fields.map(({ name }) => name));
  if (names.size !== fields.length) throw new Error('Two fields have one name.');
  for (const { name, native_type, precision = 0, scale = 0, max_length = 0, fields: below = [] } of fields) {
    if (typeof name !== 'string' || /\0|\p{Surrogate}/u.test(name + native_type) || native_type === '')
      throw new Error('A name cannot be stored.');
    if (![precision, scale, max_length].every((value) => Number.isSafeInteger(value)))
      throw new Error('A fact is no whole number.');
    checkFields(below);
  }
}
