import type { DiscoveryEvent, DiscoveryRequest } from '../../spi/index.js';
import { analyzeFile, type Reader } from './analyze-file.js';
import type { FileStore } from './stores/file-store.js';
import { tellFindings } from './tell-findings.js';

export interface FileSource {
  readonly store: FileStore;
  readonly path: string;
  readonly reader: Reader;
}

/**
 * Discovery of a source that is one file: the scope `files` with one dataset, named by its path, or one for each of its
 * parts. Rejects where the file cannot be opened; a file that cannot be parsed ends the scope as failed.
 */
export async function* discoverFile(
  { store, path, reader }: FileSource,
  request: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  const file = await store.open(path, signal);
  try {
    const { format, options } = typeof reader === 'function' ? reader({ size: 0, pieces: [] }) : reader;
    yield* tellFindings(
      {
        name: path,
        kind: 'file',
        state: [format, options, file.version],
        several: format === 'excel',
        sizeBytes: file.size,
        find: (runSignal) => analyzeFile({ store, path, file, reader }, request.strategy, runSignal),
      },
      request,
      signal,
    );
  } finally {
    await file.close();
  }
}
