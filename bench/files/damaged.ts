import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import { readDamaged, subjects } from '../../test/support/damaged-files.js';
import { printTable } from '../report.js';

/** A damaged file has to end in facts or a fault within this processor time. */
const LIMIT_MS = 1_000;

/** Reads damaged files of each binary format in the parser threads, and ends with a fault where one is too slow. */
export async function benchDamaged(files: number, seed: number): Promise<void> {
  const rows: string[][] = [];
  const slow: string[] = [];
  try {
    for (const subject of await subjects()) {
      const { codes, slowestMs } = await readDamaged(subject, files, seed);
      const count = (code: string): number => codes.get(code) ?? 0;
      const other = files - count('ok') - count('FILE_UNREADABLE');
      rows.push([
        subject.name,
        String(files),
        String(count('ok')),
        String(count('FILE_UNREADABLE')),
        String(other),
        slowestMs.toFixed(0),
      ]);
      if (slowestMs > LIMIT_MS) slow.push(subject.name);
    }
  } finally {
    await closeParsers();
  }
  printTable(['format', 'files', 'still read', 'unreadable', 'other faults', 'slowest, ms of CPU'], rows);
  if (slow.length === 0) return;
  process.stdout.write(`Longer than ${String(LIMIT_MS)} ms took one of: ${slow.join(', ')}\n`);
  process.exitCode = 1;
}
