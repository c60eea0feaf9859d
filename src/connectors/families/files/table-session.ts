import { AppError } from '../../../common/app-error.js';
import type { DiscoveryEvent, DiscoveryRequest, OpenContext, Session } from '../../spi/index.js';
import type { TableFormatName } from './analysis.js';
import { budgetOf } from './analyze-file.js';
import type { FilePlace } from './file-session.js';
import { analyzeRanges, withParserSlot } from './parser-pool.js';
import { listFiles, RangeFiles } from './range-files.js';
import { openStore } from './store-spec.js';
import type { FileStore } from './stores/file-store.js';
import { tellFindings } from './tell-findings.js';

/** What a table format gives so that the family makes a connector of it. */
export interface TableFormat {
  /** What `server.product` says, such as `Delta table`. */
  readonly product: string;
  /** The standard that it is read by, as `server.version`. */
  readonly standard: string;
  readonly format: TableFormatName;
  /** Folders of its log, below the folder of the table. All that a discovery reads is in there; the first is never empty. */
  readonly logs: readonly [string, ...string[]];
}

interface TableSource {
  readonly store: FileStore;
  readonly path: string;
  readonly format: TableFormat;
}

/**
 * Opens a source that is a table: a folder with data and a log. One session serves all callers; `ping` costs one call to
 * the store. Rejects with FILE_NOT_FOUND where the folder holds no such table, and with what the store gives.
 */
export async function openTableSession(
  place: FilePlace,
  format: TableFormat,
  context: OpenContext,
): Promise<Session<'discover'>> {
  const { signal } = context;
  signal.throwIfAborted();
  const store = await openStore(place, context);
  const source = { store, path: place.file_path, format };
  let usable = true;
  const close = (): Promise<void> => {
    usable = false;
    return store.close();
  };
  try {
    await look(source, signal);
    context.done?.('database');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    server: { product: format.product, version: format.standard },
    get usable() {
      return usable;
    },
    ping: (pingSignal) => look(source, pingSignal),
    close,
    discover: { discover: (request, runSignal) => discoverTable(source, request, runSignal) },
  };
}

async function look({ store, path, format }: TableSource, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const [log] = format.logs;
  const found: unknown[] = [];
  const options = { delimiter: '/', limit: 1, signal } as const;
  for await (const entry of store.list(`${path}/${log}/`, options)) found.push(entry);
  if (found.length > 0) return;
  throw new AppError(
    'FILE_NOT_FOUND',
    `The folder holds no ${format.product}: there is no \`${log}\` in it.`,
  );
}

async function* discoverTable(
  source: TableSource,
  request: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  await look(source, signal);
  const { store, path, format } = source;
  const ranges = new RangeFiles(store, budgetOf(format.format));
  const versions: string[] = [];
  for (const log of format.logs) {
    const prefix = `${path}/${log}/`;
    const files = await listFiles(store, prefix, signal);
    ranges.knowList(prefix, files);
    versions.push(...files.map((file) => `${file.path} ${file.version}`));
  }
  const task = { format: format.format, path, size: 0, options: {} };
  const find = (runSignal: AbortSignal) =>
    withParserSlot(runSignal, () => analyzeRanges(task, ranges, runSignal));
  try {
    yield* tellFindings(
      { name: path, kind: 'table', state: [format.format, versions], find },
      request,
      signal,
    );
  } finally {
    await ranges.close();
  }
}
