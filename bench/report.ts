import { cpus, loadavg, totalmem } from 'node:os';

/** The machine that the figures are of, in one line; the load tells how far to trust them. */
export function machine(): string {
  const [first] = cpus();
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GB`;
  return `${String(cpus().length)} x ${first?.model.trim() ?? 'unknown CPU'}, ${memory}, Node ${process.version}, load ${load}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}

/** The median of the ratios of runs that were made one after the other: what the machine did meanwhile cancels out. */
export function pairedRatio(of: readonly number[], to: readonly number[]): number {
  return median(of.slice(0, to.length).map((value, at) => value / (to[at] ?? Number.NaN)));
}

/** Prints rows in columns, the first one to the left, all others to the right. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  process.stdout.write(`${[line(header), widths.map((width) => '-'.repeat(width)).join('  ')].join('\n')}\n`);
  for (const row of rows) process.stdout.write(`${line(row)}\n`);
  process.stdout.write('\n');
}
