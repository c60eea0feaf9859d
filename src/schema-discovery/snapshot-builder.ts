import { setImmediate as turn } from 'node:timers/promises';
import type { Dataset, DiscoveryEvent } from '../connectors/spi/index.js';
import { takenBack, type Attempt } from './attempt.js';
import type { CatalogStore } from './catalog-store.service.js';
import { storable, toRow, type DatasetRow } from './dataset-row.js';
import type { ChangeCounts, RunProgress, ScopeOutcome } from './schema-discovery.types.js';

/** Datasets in one write, and bytes of their documents: a write must not hold the event loop for long. */
const BATCH_ROWS = 200;
const BATCH_BYTES = 400_000;
/** Names of ended scopes that may wait for the look at what is gone. */
const NAMES_KEPT = 20_000;

interface Scope {
  readonly seen: Set<string>;
  found: number;
  /** How many of the seen ones the served snapshot has. */
  known: number;
  expected: number | undefined;
  doubt: string | undefined;
  outcome: ScopeOutcome | undefined;
}

export interface BuilderOptions {
  /** Whether a dataset is to be kept. */
  readonly takes: (schema: string, name: string) => boolean;
  /** Whether a dataset that was not found may be removed. */
  readonly removes: (schema: string, name: string) => boolean;
  /** The run reads everything: a scope that is not listed any more is gone. */
  readonly whole: boolean;
}

/**
 * Takes the events of one discovery and turns them into writes: batches of bounded size, one on its way while the next
 * is gathered. Remembers names only, and of a scope no longer than until it is known what is gone from it.
 */
export class SnapshotBuilder {
  private readonly scopes = new Map<string, Scope>();
  private batch: DatasetRow[] = [];
  private batchBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private ended: string[] = [];
  private endedNames = 0;
  private added = 0;
  private changed = 0;
  private removed = 0;
  private unchanged = 0;
  private stopped = false;

  private current: string | undefined;
  private scopesDone = 0;

  /** Of the state that was read; see the `token` event. */
  token: string | undefined;
  sourceUnchanged = false;
  renewed = 0;
  /** Datasets found so far. */
  done = 0;

  constructor(
    private readonly store: CatalogStore,
    private readonly attempt: Attempt,
    private readonly options: BuilderOptions,
  ) {}

  /** Takes one event; resolves when there is room for the next. */
  async take(event: DiscoveryEvent): Promise<void> {
    switch (event.event) {
      case 'source_unchanged':
        this.sourceUnchanged = true;
        return;
      case 'token':
        this.token = event.token;
        return;
      case 'scope_started':
        this.current = event.scope;
        this.scope(event.scope).expected = event.datasets;
        return;
      case 'dataset':
        return this.dataset(event.dataset, event.fingerprint);
      case 'unchanged':
        this.stillThere(event.scope, event.names);
        return;
      case 'scope_ended':
        return this.end(event);
    }
  }

  /** Writes what is left and removes what is gone. */
  async finish(): Promise<void> {
    for (const [name, { outcome }] of this.scopes)
      if (!outcome)
        await this.end({ scope: name, status: 'partial', reason: 'The source stopped in the middle of it.' });
    await this.flush();
    await this.sweep();
    if (!this.options.whole || this.sourceUnchanged) return;
    const failed = this.outcomes.filter(({ status }) => status === 'failed');
    for (const { name } of this.attempt.base?.scopes ?? []) {
      if (this.scopes.has(name)) continue;
      const above = failed.find((scope) => name.startsWith(`${scope.name}.`));
      if (above) await this.end({ ...above, scope: name, status: 'failed' });
      else await this.removeUnseen(name, new Set());
    }
  }

  /** Ends it in the middle: waits for the write that is under way and begins no other. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.writing.catch(() => undefined);
  }

  progress(elapsedMs: number): RunProgress {
    return {
      datasets_done: this.done,
      datasets_expected: this.expected,
      scopes_done: this.scopesDone,
      scope: this.current === undefined ? null : storable(this.current),
      datasets_per_s: Math.round((this.done * 1_000) / Math.max(1, elapsedMs)),
      elapsed_ms: Math.round(elapsedMs),
    };
  }

  get outcomes(): ScopeOutcome[] {
    return [...this.scopes.values()].flatMap(({ outcome }) => (outcome ? [outcome] : []));
  }

  get changes(): ChangeCounts {
    const { added, changed, removed, unchanged } = this;
    return { added, changed, removed, unchanged };
  }

  /** As many as the scopes have announced so far, or as there were the last time. */
  private get expected(): number | null {
    let sum = 0;
    let unknown = false;
    for (const { expected, found, outcome } of this.scopes.values()) {
      unknown ||= expected === undefined && !outcome;
      sum += Math.max(outcome ? 0 : (expected ?? 0), found);
    }
    const before = this.attempt.base?.scopes.reduce((total, { datasets }) => total + datasets, 0);
    return unknown && before === undefined ? null : Math.max(sum, before ?? 0);
  }

  private scope(name: string): Scope {
    const key = storable(name);
    let scope = this.scopes.get(key);
    if (!scope) {
      scope = {
        seen: new Set(),
        found: 0,
        known: 0,
        expected: undefined,
        doubt: undefined,
        outcome: undefined,
      };
      this.scopes.set(key, scope);
    }
    return scope;
  }

  private async dataset(dataset: Dataset, fingerprint: string | undefined): Promise<void> {
    this.current = dataset.schema;
    if (!this.options.takes(dataset.schema, dataset.name)) return;
    const scope = this.scope(dataset.schema);
    this.done += 1;
    const row = toRow(dataset, fingerprint);
    if (!row || scope.seen.has(row.name)) {
      // Something of this scope is not kept, so it cannot end as complete.
      scope.doubt = row ? 'Two datasets have the same name.' : 'A name is too long to be kept.';
      return;
    }
    scope.seen.add(row.name);
    scope.found += 1;
    this.batch.push(row);
    this.batchBytes += row.document.length;
    if (this.batch.length >= BATCH_ROWS || this.batchBytes >= BATCH_BYTES) await this.flush();
  }

  private stillThere(name: string, names: readonly string[]): void {
    const scope = this.scope(name);
    for (const dataset of names) {
      const key = storable(dataset);
      if (scope.seen.has(key)) continue;
      scope.seen.add(key);
      scope.found += 1;
      scope.known += 1;
      this.unchanged += 1;
      this.done += 1;
    }
  }

  private async end(event: Omit<Extract<DiscoveryEvent, { event: 'scope_ended' }>, 'event'>): Promise<void> {
    const name = storable(event.scope);
    const scope = this.scope(name);
    const { doubt } = scope;
    scope.outcome =
      doubt !== undefined && event.status === 'complete'
        ? { name, status: 'partial', code: 'UNSUPPORTED', reason: doubt }
        : {
            name,
            status: event.status,
            ...(event.code ? { code: event.code } : {}),
            ...(event.reason === undefined ? {} : { reason: event.reason }),
          };
    this.scopesDone += 1;
    if (scope.outcome.status !== 'complete') {
      scope.seen.clear();
      return;
    }
    this.ended.push(name);
    this.endedNames += scope.seen.size;
    if (this.endedNames < NAMES_KEPT) return;
    await this.flush();
    await this.sweep();
  }

  /** Sends the batch off once the one before is stored. */
  private async flush(): Promise<void> {
    const rows = this.batch;
    this.batch = [];
    this.batchBytes = 0;
    await this.writing;
    if (rows.length === 0) return;
    this.begin(() => this.write(rows));
    // A source that has everything at hand must not keep the process from its other work.
    await turn();
  }

  private begin(work: () => Promise<void>): void {
    if (this.stopped) throw takenBack();
    this.writing = work();
    // A failure is heard at the next flush, not as a rejection that nobody handles.
    this.writing.catch(() => undefined);
  }

  private async write(rows: readonly DatasetRow[]): Promise<void> {
    const written = await this.store.write(this.attempt, rows);
    this.added += written.added;
    this.changed += written.changed;
    this.unchanged += written.unchanged;
    this.renewed += written.renewed;
    for (const schema of written.known) this.scope(schema).known += 1;
  }

  /** Removes what ended scopes do not have any more. */
  private async sweep(): Promise<void> {
    await this.writing;
    const before = new Map(this.attempt.base?.scopes.map(({ name, datasets }) => [name, datasets]));
    for (const name of this.ended) {
      const scope = this.scope(name);
      // As many of the known ones were seen as there are: then none is gone, and no name has to be read.
      if (scope.known !== (before.get(name) ?? 0)) await this.removeUnseen(name, scope.seen);
      scope.seen.clear();
    }
    this.ended = [];
    this.endedNames = 0;
  }

  private async removeUnseen(schema: string, seen: ReadonlySet<string>): Promise<void> {
    for await (const names of this.store.names(this.attempt, schema)) {
      const gone = names.filter((name) => !seen.has(name) && this.options.removes(schema, name));
      this.begin(async () => {
        this.removed += await this.store.remove(this.attempt, schema, gone);
      });
      await this.writing;
    }
  }
}
