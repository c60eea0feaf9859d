import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../../common/app-error.js';
import { toConnectorError, type CodeMap } from '../../spi/index.js';
import { openInside } from '../files/stores/open-inside.js';
import type { EngineAnswer, EngineName, OpenOrder, QueryOrder, Row } from './protocol.js';

export const ENGINE_CODES: CodeMap = {
  SQLITE_NOTADB: 'FILE_UNREADABLE',
  SQLITE_CORRUPT: 'FILE_UNREADABLE',
  SQLITE_CANTOPEN: 'FILE_UNREADABLE',
  SQLITE_IOERR: 'FILE_UNREADABLE',
  SQLITE_BUSY: 'BUSY',
  SQLITE_NOMEM: 'FILE_UNREADABLE',
  SWAPPED: 'PERMISSION_DENIED',
  DUCKDB_LOCK: 'BUSY',
  DUCKDB_IO: 'FILE_UNREADABLE',
  DUCKDB_SERIALIZATION: 'FILE_UNREADABLE',
  DUCKDB_OUT_OF_MEMORY: 'FILE_UNREADABLE',
  DUCKDB_FATAL: 'FILE_UNREADABLE',
  DUCKDB_INTERNAL: 'FILE_UNREADABLE',
};

/** An embedded engine with one file open, in a process of its own. */
export class EngineProcess {
  private readonly waiting = new Map<
    number,
    { resolve: (rows: readonly Row[]) => void; reject: (error: unknown) => void }
  >();
  private asked = 0;
  private ended: AppError | undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly version: string,
  ) {
    child.on('message', (answer: EngineAnswer) => this.take(answer));
    child.once('exit', () => this.end());
    if (child.exitCode !== null || child.signalCode !== null) this.end();
  }

  /**
   * Opens a file below `root`, by the rules of `openInside`. Rejects with the codes of that, FILE_UNREADABLE, BUSY where
   * somebody has it open to write, or DRIVER_MISSING; the process is ended then, and when the signal aborts.
   */
  static async open(
    { engine, root, path }: { readonly engine: EngineName; readonly root: string; readonly path: string },
    signal: AbortSignal,
  ): Promise<EngineProcess> {
    signal.throwIfAborted();
    const { handle, stats, realPath } = await openInside(root, path);
    let child: ChildProcess | undefined;
    const kill = (): void => void child?.kill('SIGKILL');
    try {
      signal.throwIfAborted();
      child = fork(fileURLToPath(await processFile()), [], {
        // Neither our settings nor our flags; what an engine prints is nobody's.
        env: {},
        execArgv: ['--max-old-space-size=256'],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      signal.addEventListener('abort', kill, { once: true });
      child.on('error', kill);
      const order: OpenOrder = {
        engine,
        path: realPath,
        identity: `${String(stats.dev)}-${String(stats.ino)}`,
      };
      child.send(order);
      const version = await firstAnswer(child);
      return new EngineProcess(child, version);
    } catch (error) {
      kill();
      signal.throwIfAborted();
      throw toConnectorError(error, ENGINE_CODES, 'FILE_UNREADABLE');
    } finally {
      signal.removeEventListener('abort', kill);
      await handle.close().catch(() => undefined);
    }
  }

  /** Rejects with an AppError. */
  all(sql: string, params: readonly (string | number)[] = []): Promise<readonly Row[]> {
    if (this.ended) return Promise.reject(this.ended);
    const order: QueryOrder = { id: ++this.asked, sql, params };
    return new Promise((resolve, reject) => {
      this.waiting.set(order.id, { resolve, reject });
      this.child.send(order);
    });
  }

  /** Ends the process at once; what is pending rejects. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private take(answer: EngineAnswer): void {
    if ('opened' in answer || answer.id === undefined) return;
    const asker = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('rows' in answer) asker?.resolve(answer.rows);
    else asker?.reject(toConnectorError({ code: answer.fault }, ENGINE_CODES));
  }

  private end(): void {
    this.ended = died();
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}

const died = (): AppError =>
  new AppError('FILE_UNREADABLE', 'The engine ended while it read the file, which is damaged.');

async function firstAnswer(child: ChildProcess): Promise<string> {
  const gone = new AbortController();
  child.once('exit', () => gone.abort(died()));
  child.once('error', (error) => gone.abort(error));
  let answer: EngineAnswer;
  try {
    [answer] = (await once(child, 'message', { signal: gone.signal })) as [EngineAnswer];
  } catch (error) {
    throw gone.signal.aborted ? gone.signal.reason : error;
  }
  if ('opened' in answer) return answer.version;
  throw Object.assign(new Error('The engine cannot open the file.'), {
    code: 'fault' in answer ? answer.fault : 'unknown',
  });
}

/** The built process beside this file, or one made from source where TypeScript is run as it is. */
async function processFile(): Promise<string> {
  if (!import.meta.url.endsWith('.ts')) return new URL('./engine-process.js', import.meta.url).href;
  const { builtFromSource } = await import('../files/worker/from-source.js');
  return builtFromSource(fileURLToPath(new URL('./engine-process.ts', import.meta.url)));
}
