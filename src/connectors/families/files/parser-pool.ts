import { Piscina } from 'piscina';
import { AppError } from '../../../common/app-error.js';
import { CAPS, type Analysis, type AnalysisResult, type AnalysisTask } from './analysis.js';
import { abortable } from './stores/abortable.js';

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
  const { builtWorker } = await import('./worker/from-source.js');
  return builtWorker();
}

/**
 * Analyses a sample in a parser thread. Rejects with FILE_UNREADABLE, FILE_TOO_LARGE_INFLATED, TIMEOUT after
 * `CAPS.parseMs`, CANCELLED by `closeParsers`, or the signal's reason; the thread is ended in the last three cases,
 * whatever it is in the middle of.
 * The bytes of the sample are moved to the thread: they are gone for the caller.
 */
export async function analyzeSample(task: AnalysisTask, signal: AbortSignal): Promise<Analysis> {
  signal.throwIfAborted();
  const mine = (pool ??= startPool());
  const threads = await mine.catch((): never => {
    // The next one tries anew.
    if (pool === mine) pool = undefined;
    throw new AppError('INTERNAL', 'The parser threads could not be started.');
  });
  const deadline = AbortSignal.timeout(CAPS.parseMs);
  const transferList = task.sample.pieces.map(({ bytes }) => bytes.buffer as ArrayBuffer);
  const either = AbortSignal.any([signal, deadline]);
  let result: AnalysisResult;
  try {
    result = (await threads.run(task, { signal: either, transferList })) as AnalysisResult;
  } catch (error) {
    signal.throwIfAborted();
    if (pool !== mine) throw new AppError('CANCELLED', 'The parser threads were stopped.');
    if (deadline.aborted) throw new AppError('TIMEOUT', 'The file could not be parsed in time.');
    throw threadFault(error);
  }
  if (result.ok) return result.analysis;
  throw new AppError(result.code, result.message, result.hint === undefined ? {} : { hint: result.hint });
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
