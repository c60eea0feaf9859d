import { isMainThread, type MessagePort } from 'node:worker_threads';
import type { Analysis, AnalysisTask, Findings, RangedTask, ThreadResult } from '../analysis.js';
import { analyzeCsv } from './csv/analyze-csv.js';
import { analyzeJson } from './json/analyze-json.js';
import { ParseFault } from './parse-fault.js';
import { analyzeRanged } from './ranged.js';
import { PortRanges } from './ranges.js';
import { unpacked } from './unpacked.js';

// hyparquet reads columns side by side and, where one fails, forgets the others: their faults would end the thread,
// with the work of somebody else in it.
if (!isMainThread) process.on('unhandledRejection', () => undefined);

/** What a parser thread runs. Imports nothing that opens files or sockets. */
export default function analyze(task: AnalysisTask): Promise<ThreadResult<Analysis>> {
  return asData(async () => {
    const { sample, packed } = await unpacked(task.sample);
    const analysis =
      task.format === 'csv' ? analyzeCsv(sample, task.options) : analyzeJson(sample, task.options);
    const properties = packed ? { ...analysis.properties, compression: 'gzip' } : analysis.properties;
    return { ...analysis, properties };
  });
}

/** The same for a format that asks for the ranges that it needs, over `port`. */
export function ranged({
  task,
  port,
}: {
  readonly task: RangedTask;
  readonly port: MessagePort;
}): Promise<ThreadResult<Findings>> {
  const ranges = new PortRanges(port);
  return asData(() => analyzeRanged(ranges, task)).finally(() => ranges.close());
}

async function asData<T>(work: () => Promise<T>): Promise<ThreadResult<T>> {
  try {
    return { ok: true, analysis: await work() };
  } catch (error) {
    if (!(error instanceof ParseFault)) throw error;
    const { code, message, hint } = error;
    return { ok: false, code, message, ...(hint === undefined ? {} : { hint }) };
  }
}
