import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { ENGINES } from './engines.js';
import type { Engine, EngineAnswer, OpenOrder, QueryOrder } from './protocol.js';

/**
 * What the process of an embedded engine runs: engines are native code that reads files of strangers, so they are kept
 * out of the product's own process. It ends with its parent.
 */
let engine: Promise<Engine> | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (order: OpenOrder | QueryOrder) => {
  if ('engine' in order) {
    engine = opened(order);
    engine.then(
      ({ version }) => answer({ opened: true, version }),
      (error: unknown) => answer({ fault: codeOf(error) }),
    );
    return;
  }
  const { id, sql, params } = order;
  Promise.resolve(engine)
    .then((running) => running?.all(sql, params) ?? [])
    .then(
      (rows) => answer({ id, rows }),
      (error: unknown) => answer({ id, fault: codeOf(error) }),
    );
});

function answer(text: EngineAnswer): void {
  if (process.connected) process.send?.(text);
}

async function opened({ engine: name, path, identity }: OpenOrder): Promise<Engine> {
  const running = await ENGINES[name](path);
  assertOpened(identity);
  return running;
}

/** An engine opens by name, so another file may have taken the name since: what it has open decides. */
function assertOpened(identity: string): void {
  if (process.platform !== 'linux') return;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const { dev, ino } = statSync(`/proc/self/fd/${fd}`, { bigint: true });
      if (`${String(dev)}-${String(ino)}` === identity && readlinkSync(`/proc/self/fd/${fd}`).startsWith('/'))
        return;
    } catch {
      // The descriptor of the listing itself.
    }
  }
  throw Object.assign(new Error('Another file was opened.'), { code: 'SWAPPED' });
}

/** `SQLITE_CORRUPT`, or `DUCKDB_IO`, of what an engine threw. */
function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && code !== '') return code.replace(/^(SQLITE_[A-Z]+)_.*/, '$1').slice(0, 50);
  const text = typeof message === 'string' ? message : '';
  const kind = /^(?:\{"exception_type":")?([A-Za-z ]{1,30}?)(?: Error:|")/.exec(text)?.[1] ?? 'unknown';
  if (/set lock|being used/.test(text)) return 'DUCKDB_LOCK';
  return `DUCKDB_${kind.toUpperCase().replaceAll(' ', '_')}`;
}
