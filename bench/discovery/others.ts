import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import type { ConnectorDefinition } from '../../src/connectors/spi/index.js';
import { openSession } from '../../test/contract/contract-source.js';
import { LoopWatch, processorMs } from '../loop-watch.js';
import { median, pairedRatio, printTable } from '../report.js';

/** A source that is filled, and the least that its own client takes to read the same. */
export interface Filled {
  readonly definition: ConnectorDefinition;
  readonly connection: Readonly<Record<string, unknown>>;
  /** What the other reader does, in a few words. */
  readonly peer: string;
  /** Reads as much with another client; rejects where it finds less than it should. */
  readonly read: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface OtherSource {
  /** Such as `Kafka, 10000 topics`. */
  readonly title: string;
  /** Undefined where the server is not installed. */
  readonly fill: (folder: string) => Promise<Filled | undefined>;
}

interface Run {
  readonly ms: number;
  readonly cpuMs: number;
  readonly taskMs: number;
  readonly rssMb: number;
  readonly datasets: number;
}

/** Our read of a source against that of another client, in interleaved rounds; the first one only warms up. */
export async function benchOther({ title, fill }: OtherSource, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-other-'));
  // Servers run under another account than root, and their data is in here.
  chmodSync(folder, 0o711);
  const from = performance.now();
  const source = await fill(folder);
  if (source === undefined) {
    process.stdout.write(`SKIPPED ${title}: install it with test/servers/install.sh\n`);
    return;
  }
  process.stdout.write(`  ${title} filled in ${((performance.now() - from) / 1_000).toFixed(0)} s\n`);
  try {
    const ours: Run[] = [];
    const theirs: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const own = await readOnce(source);
      const since = performance.now();
      await source.read();
      const other = performance.now() - since;
      if (round === 0) continue;
      ours.push(own);
      theirs.push(other);
    }
    report(title, source.peer, ours, theirs);
  } finally {
    await source.stop();
    await closeParsers();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readOnce({ definition, connection }: Filled): Promise<Run> {
  const session = await openSession(definition, connection);
  const signal = AbortSignal.timeout(600_000);
  const [idle, cpu, loop] = [process.memoryUsage.rss(), processorMs(), new LoopWatch()];
  let peak = idle;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
  let datasets = 0;
  loop.start();
  const from = performance.now();
  try {
    for await (const event of session.discover.discover(
      { include: [], exclude: [], strategy: 'balanced' },
      signal,
    )) {
      if (event.event === 'dataset') datasets += 1;
      if (event.event === 'scope_ended' && event.status === 'failed')
        throw new Error(`The scope ${event.scope} failed.`);
    }
  } finally {
    clearInterval(sampler);
  }
  const ms = performance.now() - from;
  const { taskMs } = loop.stop();
  await session.close();
  return { ms, cpuMs: processorMs() - cpu, taskMs, rssMb: (peak - idle) / 2 ** 20, datasets };
}

function report(title: string, peer: string, ours: readonly Run[], theirs: readonly number[]): void {
  const ms = ours.map((run) => run.ms);
  const of = (key: keyof Run): string => median(ours.map((run) => run[key])).toFixed(0);
  printTable(
    [title, 'wall s', 'our read is', 'datasets', 'CPU ms', 'task ms', 'RSS + MB'],
    [
      [
        'our read',
        (median(ms) / 1_000).toFixed(3),
        '',
        of('datasets'),
        of('cpuMs'),
        of('taskMs'),
        of('rssMb'),
      ],
      [peer, (median(theirs) / 1_000).toFixed(3), `${pairedRatio(ms, theirs).toFixed(2)}x`, '', '', '', ''],
    ],
  );
}
