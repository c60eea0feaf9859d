import { createHash } from 'node:crypto';
import { setImmediate as otherWork, setTimeout as rest } from 'node:timers/promises';
import { Turns } from '../turns.js';
import type {
  CodeMap,
  Discoverer,
  DiscoveryEvent,
  DiscoveryRequest,
  DiscoveryStrategy,
  KnownState,
} from '../../spi/index.js';
import { nameFilter } from './name-filter.js';
import { ScopeLog } from './scope-log.js';
import type { CatalogPage, ChangeReader, Pace, RelationHead, SqlCatalog } from './sql-driver.js';

/** How hard a strategy works the source. What is found is the same. */
const PACES: Readonly<Record<DiscoveryStrategy, Pace>> = {
  conservative: { pageSize: 100, ahead: 1, pauseMs: 50 },
  balanced: { pageSize: 100, ahead: 3, pauseMs: 0 },
  aggressive: { pageSize: 1_000, ahead: 4, pauseMs: 0 },
};

/** The discovery of every SQL source, over the catalog that its driver reads. */
export function sqlDiscoverer(catalog: SqlCatalog, codes: CodeMap): Discoverer {
  return { discover: (request, signal) => discover(catalog, codes, request, signal) };
}

async function* discover(
  catalog: SqlCatalog,
  codes: CodeMap,
  request: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  const { since, include, exclude } = request;
  // Before anything is read: a change that comes while we read is then in the next token at the latest.
  const state = await catalog.token(signal);
  const token = state === undefined ? undefined : fingerprintOf([catalog.version, include, exclude, state]);
  if (token !== undefined && token === since?.token) {
    yield { event: 'source_unchanged' };
    yield { event: 'token', token };
    return;
  }
  const pace = PACES[request.strategy];
  const reader = await catalog.read({ names: nameFilter(include, exclude), pace }, signal);
  try {
    const scopes = await reader.scopes();
    const names = scopes.filter(({ fault }) => fault === undefined).map(({ name }) => name);
    const log = new ScopeLog(scopes, codes);
    const run = { log, pace, signal };
    if (names.length > 0)
      yield* since && reader.changes
        ? changesIn(reader.changes, names, { ...run, since })
        : told(reader.all(names), run);
    yield* log.finish();
    // Without one the next run looks again, though the source may not have changed.
    if (token !== undefined && log.complete) yield { event: 'token', token };
  } finally {
    await reader.close();
  }
}

interface Run {
  readonly log: ScopeLog;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** The datasets of pages as events. In and between pages other work gets its turn, and the source its rest. */
async function* told(pages: AsyncIterable<CatalogPage>, run: Run): AsyncGenerator<DiscoveryEvent> {
  for await (const { datasets, faults } of pages) {
    for (const fault of faults ?? []) run.log.fault(fault);
    const turns = new Turns();
    for (const { dataset, fingerprint } of datasets) {
      await turns.give();
      yield* run.log.moveTo(dataset.schema);
      yield fingerprint === undefined
        ? { event: 'dataset', dataset }
        : { event: 'dataset', dataset, fingerprint };
    }
    await (run.pace.pauseMs > 0 ? rest(run.pace.pauseMs) : otherWork());
    run.signal.throwIfAborted();
  }
}

async function* changesIn(
  changes: ChangeReader,
  scopes: readonly string[],
  run: Run & { readonly since: KnownState },
): AsyncGenerator<DiscoveryEvent> {
  let known: ReadonlyMap<string, string> = new Map();
  let scope: string | undefined;
  for await (const batch of changes.heads(scopes)) {
    for (const heads of byScope(batch)) {
      const next = heads[0]?.scope ?? '';
      if (next !== scope) {
        scope = next;
        known = await run.since.fingerprints(scope);
        yield* run.log.moveTo(scope);
      }
      const changed = heads.filter(({ name, fingerprint }) => known.get(name) !== fingerprint);
      if (changed.length < heads.length) {
        const moved = new Set(changed);
        const names = heads.filter((head) => !moved.has(head)).map(({ name }) => name);
        yield { event: 'unchanged', scope, names };
      }
      if (changed.length > 0) yield* told(changes.only(changed), run);
    }
    await otherWork();
    run.signal.throwIfAborted();
  }
}

function* byScope(heads: readonly RelationHead[]): Generator<readonly RelationHead[]> {
  let from = 0;
  for (let to = 1; to <= heads.length; to += 1) {
    if (heads[to]?.scope === heads[from]?.scope) continue;
    yield heads.slice(from, to);
    from = to;
  }
}

function fingerprintOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}
