import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { AppError } from '../../../common/app-error.js';
import {
  CAPS,
  type Analysis,
  type AnalysisTask,
  type Findings,
  type RangedTask,
  type RangeQuestion,
  type ThreadResult,
} from './analysis.js';
import type { RangeFiles } from './range-files.js';
import { abortable } from '../../../common/abortable.js';

/** Threads that parse, shared by all sources; as many analyses hold their bytes in memory at one moment. */
const THREADS = 2;
const IDLE_MS = 10_000;
/** Of a thread's own heap; the bytes of the sample lie outside of it. */
const HEAP_MB = 192;

let pool: Promise<Piscina> | undefined;

async function startPool(): Promise<Piscina> {
  const started = new Piscina({
    filename: await workerFile(),
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    // A parser needs neither our settings nor our flags.
    env: {},
    execArgv: [],
    recordTiming: false,
  });
  // A thread that dies without a task; the next task starts another one.
  started.on('error', () => undefined);
  return started;
}

/** The built thread beside this file, or one made from source where TypeScript is run as it is, as Jest does. */
async function workerFile(): Promise<string> {
  if (!import.meta.url.endsWith('.ts')) return new URL('./worker/entry.js', import.meta.url).href;
  const { builtFromSource } = await import('./worker/from-source.js');
  return builtFromSource(fileURLToPath(new URL('./worker/entry.ts', import.meta.url)));
}

/**
 * Analyses a sample in a parser thread. Rejects with FILE_UNREADABLE, FILE_TOO_LARGE_INFLATED, TIMEOUT after
 * `CAPS.parseMs`, CANCELLED by `closeParsers`, or the signal's reason; the thread is ended in the last three cases,
 * whatever it is in the middle of.
 * The bytes of the sample are moved to the thread: they are gone for the caller.
 */
export async function analyzeSample(task: AnalysisTask, signal: AbortSignal): Promise<Analysis> {
  const transferList = task.sample.pieces.map(({ bytes }) => bytes.buffer as ArrayBuffer);
  const clock = new WorkClock(CAPS.parseMs);
  return inThread<Analysis>('default', task, { transferList, signal, clock });
}

/**
 * The same for a format that asks for ranges: `files` reads what the thread asks for. Rejects with what a read rejects
 * with, too.
 */
export async function analyzeRanges(
  task: RangedTask,
  files: RangeFiles,
  signal: AbortSignal,
): Promise<Findings> {
  signal.throwIfAborted();
  const { port1, port2 } = new MessageChannel();
  const clock = new WorkClock(CAPS.parseMs);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  port1.on('message', (question: RangeQuestion) => {
    clock.pause();
    files.answer(question, either).then(
      (answer) => {
        clock.go();
        port1.postMessage(answer, answer.bytes ? [answer.bytes.buffer] : []);
      },
      (error: unknown) => failed.abort(error),
    );
  });
  try {
    const options = { transferList: [port2], signal: either, clock };
    return await inThread<Findings>('ranged', { task, port: port2 }, options);
  } finally {
    clock.pause();
    // A read that is under way has nobody who waits for it.
    failed.abort(new AppError('CANCELLED', 'The analysis has ended.'));
    port1.close();
  }
}

interface ThreadOptions {
  readonly transferList: (ArrayBuffer | MessagePort)[];
  readonly signal: AbortSignal;
  readonly clock: WorkClock;
}

/** Runs an export of the thread's module, for as long as the clock and the signal let it. */
async function inThread<T>(name: string, task: unknown, options: ThreadOptions): Promise<T> {
  const { signal, clock, transferList } = options;
  signal.throwIfAborted();
  const mine = (pool ??= startPool());
  const threads = await mine.catch((): never => {
    // The next one tries anew.
    if (pool === mine) pool = undefined;
    throw new AppError('INTERNAL', 'The parser threads could not be started.');
  });
  const either = AbortSignal.any([signal, clock.over]);
  let result: ThreadResult<T>;
  try {
    clock.go();
    result = (await threads.run(task, { name, signal: either, transferList })) as ThreadResult<T>;
  } catch (error) {
    signal.throwIfAborted();
    if (pool !== mine) throw new AppError('CANCELLED', 'The parser threads were stopped.');
    if (clock.over.aborted) throw new AppError('TIMEOUT', 'The file could not be parsed in time.');
    throw threadFault(error);
  } finally {
    clock.pause();
  }
  if (result.ok) return result.analysis;
  throw new AppError(result.code, result.message, result.hint === undefined ? {} : { hint: result.hint });
}

/** Aborts `over` once it has run for so long; it stands still while a thread waits for what it asked for. */
class WorkClock {
  private readonly controller = new AbortController();
  readonly over = this.controller.signal;
  private timer: NodeJS.Timeout | undefined;
  private since = 0;

  constructor(private leftMs: number) {}

  go(): void {
    if (this.timer) return;
    this.since = performance.now();
    this.timer = setTimeout(() => this.controller.abort(), Math.max(1, this.leftMs));
  }

  pause(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.leftMs -= performance.now() - this.since;
  }
}

function threadFault(error: unknown): AppError {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new AppError('FILE_UNREADABLE', 'The file needs more memory to be parsed than is allowed.')
    : new AppError('INTERNAL', 'The parser failed.');
}

let free = THREADS;
const waiting: (() => void)[] = [];

/**
 * Runs `work` when fewer than `THREADS` others run: so that reading ahead of the threads cannot fill the memory.
 * First come, first served; waiting ends with the signal's reason.
 */
export async function withParserSlot<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  if (free > 0) free--;
  else {
    let enter: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => waiting.push((enter = resolve)));
    try {
      await abortable(turn, signal);
    } catch (error) {
      const place = waiting.indexOf(enter);
      // It may have been given the slot in the very moment of the abort: then it goes on to the next.
      if (place === -1) release();
      else waiting.splice(place, 1);
      throw error;
    }
  }
  try {
    return await work();
  } finally {
    release();
  }
}

function release(): void {
  const next = waiting.shift();
  if (next) next();
  else free++;
}

/** Ends the parser threads, running work included. For a graceful stop; a later analysis starts new ones. */
export async function closeParsers(): Promise<void> {
  const closing = pool;
  pool = undefined;
  await (await closing?.catch(() => undefined))?.destroy();
}
