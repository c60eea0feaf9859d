import { createHash } from 'node:crypto';
import { AppError } from '../../../common/app-error.js';
import type { Dataset, DiscoveryEvent, DiscoveryRequest, DiscoveryStrategy } from '../../spi/index.js';
import type { Analysis, AnalysisTask, Piece, Sample } from './analysis.js';
import { isChosen } from '../name-glob.js';
import { analyzeSample, withParserSlot } from './parser-pool.js';
import { isGzip, samplePlan, type Range } from './sample-plan.js';
import type { FileStore, StoredFile } from './stores/file-store.js';

/** The one schema of a source that is a file. */
export const FILES_SCHEMA = 'files';

/** Changes when the same bytes would give other facts: raise it with the rules of inference. */
const RULES_VERSION = 1;

/** Reads under way at one moment. */
const READS: Readonly<Record<DiscoveryStrategy, number>> = { conservative: 1, balanced: 4, aggressive: 8 };

/** How a format reads a sample; what it is told by the connection is in here. */
export type Reader = (sample: Sample) => AnalysisTask;

export interface FileSource {
  readonly store: FileStore;
  readonly path: string;
  readonly reader: Reader;
}

/**
 * Discovery of a source that is one file: the scope `files` with one dataset, named by its path. The token and the
 * fingerprint change with the file's version, the connection's options and our rules. Rejects where the file cannot
 * be opened; a file that cannot be parsed ends the scope as failed.
 */
export async function* discoverFile(
  { store, path, reader }: FileSource,
  request: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  const file = await store.open(path, signal);
  try {
    const fingerprint = fingerprintOf(file, reader);
    const token = createHash('sha256')
      .update(JSON.stringify([fingerprint, request.include, request.exclude]))
      .digest('base64url');
    if (request.since?.token === token) {
      yield { event: 'source_unchanged' };
      yield { event: 'token', token };
      return;
    }
    const chosen = isChosen(`${FILES_SCHEMA}.${path}`, request.include, request.exclude);
    yield { event: 'scope_started', scope: FILES_SCHEMA, datasets: chosen ? 1 : 0 };
    if (!chosen) {
      yield { event: 'scope_ended', scope: FILES_SCHEMA, status: 'complete' };
      yield { event: 'token', token };
      return;
    }
    const known = await request.since?.fingerprints(FILES_SCHEMA);
    if (known?.get(path) === fingerprint) {
      yield { event: 'unchanged', scope: FILES_SCHEMA, names: [path] };
      yield { event: 'scope_ended', scope: FILES_SCHEMA, status: 'complete' };
      yield { event: 'token', token };
      return;
    }
    let analysis: Analysis;
    try {
      analysis = await withParserSlot(signal, async () => {
        const sample = await readSample(file, READS[request.strategy], signal);
        return analyzeSample(reader(sample), signal);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      yield {
        event: 'scope_ended',
        scope: FILES_SCHEMA,
        status: 'failed',
        code: error.code,
        reason: error.message,
      };
      return;
    }
    yield { event: 'dataset', dataset: datasetOf(path, file.size, analysis), fingerprint };
    yield { event: 'scope_ended', scope: FILES_SCHEMA, ...statusOf(analysis) };
    yield { event: 'token', token };
  } finally {
    await file.close();
  }
}

function statusOf({ partial }: Analysis) {
  return partial === undefined
    ? { status: 'complete' as const }
    : { status: 'partial' as const, reason: partial };
}

function fingerprintOf({ version }: StoredFile, reader: Reader): string {
  const { format, options } = reader({ size: 0, pieces: [] });
  return createHash('sha256')
    .update(JSON.stringify([RULES_VERSION, format, options, version]))
    .digest('base64url');
}

function datasetOf(path: string, size: number, { fields, rowEstimate, properties }: Analysis): Dataset {
  return {
    schema: FILES_SCHEMA,
    name: path,
    kind: 'file',
    fields,
    size_bytes: size,
    ...(rowEstimate === undefined ? {} : { row_estimate: rowEstimate }),
    properties,
  };
}

/** The ranges of the plan, a few at a time. What is in the first bytes decides the plan, not the name of the file. */
async function readSample(file: StoredFile, reads: number, signal: AbortSignal): Promise<Sample> {
  const packed = isGzip(await file.read(0, 2, signal));
  const plan = samplePlan(file.size, packed);
  const pieces: Piece[] = new Array<Piece>(plan.length);
  const queue = plan.entries();
  const drain = async (): Promise<void> => {
    for (const [index, { offset, length }] of queue)
      pieces[index] = { offset, bytes: await readWhole(file, { offset, length }, signal) };
  };
  await Promise.all(Array.from({ length: reads }, drain));
  return { size: file.size, pieces };
}

async function readWhole(file: StoredFile, { offset, length }: Range, signal: AbortSignal) {
  const bytes = await file.read(offset, length, signal);
  if (bytes.length < length) throw new AppError('BUSY', 'The file became shorter while it was read.');
  return bytes;
}
