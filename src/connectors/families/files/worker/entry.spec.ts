import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CAPS, type AnalysisTask, type FileFormatName } from '../analysis.js';
import { samplePlan } from '../sample-plan.js';
import analyze from './entry.js';

const FORMATS: readonly FileFormatName[] = ['csv', 'json'];

function task(format: FileFormatName, bytes: Uint8Array, size = bytes.length): AnalysisTask {
  return { format, sample: { size, pieces: [{ offset: 0, bytes }] }, options: {} };
}

describe('a gzip file', () => {
  test('is read as what is in it', async () => {
    const result = await analyze(task('csv', gzipSync('a,b\n1,2\n')));
    expect(result).toMatchObject({
      ok: true,
      analysis: { rowEstimate: 1, properties: { compression: 'gzip', sampled: false } },
    });
    const lines = gzipSync('{"a":1}\n{"a":2}\n');
    expect(await analyze(task('json', lines))).toMatchObject({ ok: true, analysis: { rowEstimate: 2 } });
  });

  test('of many members is one file', async () => {
    const bytes = Buffer.concat([gzipSync('a,b\n1,2\n'), gzipSync('3,4\n')]);
    expect(await analyze(task('csv', bytes))).toMatchObject({ ok: true, analysis: { rowEstimate: 2 } });
  });

  test('whose beginning only was read is estimated', async () => {
    const rows = Array.from({ length: 400_000 }, (_, index) => `${index},${randomBytes(4).toString('hex')}`);
    const bytes = gzipSync(`id,code\n${rows.join('\n')}\n`, { level: 1 });
    const beginning = bytes.subarray(0, Math.floor(bytes.length / 2));
    const result = await analyze(task('csv', beginning, bytes.length));
    expect(result).toMatchObject({ ok: true, analysis: { properties: { sampled: true } } });
    const estimate = result.ok ? (result.analysis.rowEstimate ?? 0) : 0;
    expect(Math.abs(estimate / 400_000 - 1)).toBeLessThan(0.1);
  });

  test('that is damaged or cut off is refused', async () => {
    const bytes = gzipSync(randomBytes(50_000).toString('hex'));
    const cut = bytes.subarray(0, bytes.length - 20);
    const damaged = Buffer.from(bytes).fill(0xff, 5_000, 5_100);
    for (const wrong of [cut, damaged, Buffer.of(0x1f, 0x8b)])
      expect(await analyze(task('csv', wrong))).toMatchObject({ ok: false, code: 'FILE_UNREADABLE' });
  });

  test('that swells without reason is refused, in bounded memory', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 2 ** 20, 'a,b\n'), { level: 9 });
    expect(bomb.length).toBeLessThan(2 ** 20);
    const before = process.memoryUsage().arrayBuffers;
    const result = await analyze(task('csv', bomb));
    expect(result).toMatchObject({ ok: false, code: 'FILE_TOO_LARGE_INFLATED' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * CAPS.unpackedBytes);
  });
});

describe('any bytes', () => {
  /** Pieces of what parsers stumble over, joined at random. */
  const PARTS = [
    '"',
    "'",
    ',',
    ';',
    '\t',
    '\n',
    '\r\n',
    '\r',
    '{',
    '}',
    '[',
    ']',
    ':',
    '\\',
    '\\u',
    '1',
    '-',
    '.',
    'e',
  ]
    .concat([
      'true',
      'null',
      '"a"',
      '\u0000',
      '\u{feff}',
      'é',
      '日',
      '\ud83d',
      '__proto__',
      '2024-01-01',
      ' ',
      '9'.repeat(50),
    ])
    .map((part) => Buffer.from(part))
    .concat([
      Buffer.of(0xff, 0xfe),
      Buffer.of(0xfe, 0xff),
      Buffer.of(0x1f, 0x8b),
      Buffer.of(0x80),
      Buffer.of(0xf0),
    ]);

  /** A generator of our own, so that a failure can be repeated. */
  function* numbers(seed: number): Generator<number, never> {
    let state = seed;
    for (;;) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      yield state / 2 ** 32;
    }
  }

  test('give facts or a typed fault, never a crash', async () => {
    const random = numbers(42);
    const below = (limit: number): number => Math.floor(random.next().value * limit);
    const codes = new Set<string>();
    for (let times = 0; times < 4_000; times++) {
      const bytes =
        times % 4 === 0
          ? Buffer.from(Array.from({ length: below(200) }, () => below(256)))
          : Buffer.concat(Array.from({ length: below(40) }, () => PARTS[below(PARTS.length)] ?? Buffer.of()));
      for (const format of FORMATS) {
        const result = await analyze(task(format, bytes));
        codes.add(result.ok ? 'ok' : result.code);
        if (result.ok) {
          const names = result.analysis.fields.map(({ name }) => name);
          expect(new Set(names).size).toBe(names.length);
          expect(names.join('')).not.toMatch(/\0|\p{Surrogate}/u);
        }
      }
    }
    expect([...codes].sort()).toEqual(['FILE_UNREADABLE', 'ok']);
  });

  test('do so in the middle of a long file too', async () => {
    const random = numbers(7);
    const below = (limit: number): number => Math.floor(random.next().value * limit);
    const size = CAPS.wholeBytes + 4 * CAPS.blockBytes;
    for (const head of ['a,b\n1,2\n', '{"a":1}\n', '[{"a":1},{"a":2},']) {
      const bytes = Buffer.alloc(size);
      bytes.write(head.repeat(Math.ceil(CAPS.headBytes / head.length)));
      for (let at = CAPS.headBytes; at < size; at += 500)
        (PARTS[below(PARTS.length)] ?? Buffer.of()).copy(bytes, at);
      const pieces = samplePlan(size, false).map(({ offset, length }) => ({
        offset,
        bytes: bytes.subarray(offset, offset + length),
      }));
      for (const format of FORMATS) {
        const result = await analyze({ format, sample: { size, pieces }, options: {} });
        expect(result.ok || result.code === 'FILE_UNREADABLE').toBe(true);
      }
    }
  });
});
