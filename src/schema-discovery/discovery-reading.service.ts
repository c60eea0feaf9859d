import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import type { Discoverer, DiscoveryRequest } from '../connectors/spi/index.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import type { DiscoverySettings, SourceRef } from '../data-sources/data-sources.types.js';
import { SessionsService } from '../data-sources/sessions.service.js';
import type { Job } from '../platform/jobs/jobs.service.js';
import type { Attempt } from './attempt.js';
import { CatalogStore } from './catalog-store.service.js';
import { coverageKey, covers } from './coverage.policy.js';
import { nextScopes, runOutcome } from './outcome.policy.js';
import { RunLedger } from './run-ledger.service.js';
import type { RunRow } from './run-row.js';
import type { ChangeCounts, ScopeOutcome } from './schema-discovery.types.js';
import { SnapshotBuilder, type BuilderOptions } from './snapshot-builder.js';
import { SnapshotCommits, type Reading } from './snapshot-commits.service.js';

/** A whole run; a source that needs longer is told so. */
const RUN_MS = 30 * 60_000;
const PROGRESS_MS = 500;

/** How a reading ended, for metrics. */
export interface ReadResult {
  readonly state: 'succeeded' | 'partial';
  readonly datasets: number;
  readonly changes: ChangeCounts;
}

interface Work {
  readonly job: Job;
  readonly run: RunRow;
  readonly settings: DiscoverySettings;
  readonly destination: string;
}

/** Reads a source through its session into the catalog: one run from its first query to its snapshot. */
@Injectable()
export class DiscoveryReading {
  constructor(
    private readonly sources: DataSourcesService,
    private readonly sessions: SessionsService,
    private readonly store: CatalogStore,
    private readonly commits: SnapshotCommits,
    private readonly ledger: RunLedger,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores what the source has now. When it rejects, with an AppError, the catalog is as it was and nothing is left of
   * the try. It rejects with CANCELLED where the source was laid to rest or deleted meanwhile, whatever its session said:
   * how such a run ends is told by who did that.
   */
  async read(job: Job, run: RunRow, signal: AbortSignal): Promise<ReadResult> {
    const ref = { orgId: job.orgId, dataSourceId: run.data_source_id };
    let build: { attempt: Attempt; builder: SnapshotBuilder } | undefined;
    try {
      const { discovery, destination } = await this.sources.facts(ref.orgId, ref.dataSourceId);
      const work: Work = { job, run, settings: discovery, destination };
      const { attempt, builder } = await this.sessions.withSession(
        ref,
        ['discover'],
        async (session, inner) => {
          // Another session may be tried after a lost one: each try begins a snapshot of its own.
          await build?.builder.stop();
          const begun = await this.store.begin(job, ref.dataSourceId);
          build = { attempt: begun, builder: new SnapshotBuilder(this.store, begun, optionsOf(work)) };
          await this.stream(work, session.discover, build, inner);
          return build;
        },
        { deadlineMs: RUN_MS, signal },
      );
      await builder.finish();
      signal.throwIfAborted();
      const reading = readingOf(work, attempt, builder);
      await this.commits.commit(attempt, reading);
      return { state: reading.state, datasets: builder.done, changes: reading.changes };
    } catch (error) {
      await this.takeBack(build);
      if (await this.isLeftAlone(ref)) throw new AppError('CANCELLED', 'The source is to be left alone.');
      throw error;
    }
  }

  /** Takes back what is left of a run that ended its workers. */
  abandon(job: Job): Promise<void> {
    return this.store.discardRun(job.orgId, job.refId);
  }

  private async stream(
    work: Work,
    discoverer: Discoverer,
    { attempt, builder }: { attempt: Attempt; builder: SnapshotBuilder },
    signal: AbortSignal,
  ): Promise<void> {
    const began = this.clock.monotonic();
    let told = began;
    let telling = false;
    for await (const event of discoverer.discover(this.requestOf(work, attempt), signal)) {
      signal.throwIfAborted();
      await builder.take(event);
      if (event.event === 'scope_ended' && event.status !== 'complete')
        await this.ledger.incomplete(work.job, outcomeOf(event));
      const now = this.clock.monotonic();
      if (now - told < PROGRESS_MS || telling) continue;
      told = now;
      telling = true;
      // Whether somebody hears how far it is must not slow it down, let alone end it.
      void this.ledger
        .progress(work.job, builder.progress(now - began))
        .catch(() => undefined)
        .finally(() => (telling = false));
    }
  }

  private requestOf({ run, settings, destination }: Work, attempt: Attempt): DiscoveryRequest {
    const { include, exclude } = settings;
    const { strategy } = run;
    if (run.mode === 'selective')
      return { include: run.include, exclude: [...run.exclude, ...exclude], strategy };
    const { base } = attempt;
    // What is known of another place says nothing about this one, even where tokens happen to be equal.
    if (run.mode === 'full' || base?.origin !== destination) return { include, exclude, strategy };
    const same = base.token !== null && base.coverage === coverageKey(settings);
    return {
      include,
      exclude,
      strategy,
      since: {
        ...(same ? { token: base.token } : {}),
        fingerprints: (schema) => this.store.fingerprints(attempt, schema),
      },
    };
  }

  private async isLeftAlone({ orgId, dataSourceId }: SourceRef): Promise<boolean> {
    try {
      const { paused, status } = await this.sources.factsNow(orgId, dataSourceId);
      return paused || status === 'maintenance';
    } catch (error) {
      return error instanceof AppError && error.code === 'NOT_FOUND';
    }
  }

  private async takeBack(build: { attempt: Attempt; builder: SnapshotBuilder } | undefined): Promise<void> {
    if (!build) return;
    await build.builder.stop();
    // Where the product's database is away, the next run of this source clears it.
    await this.store.discard(build.attempt).catch(() => undefined);
  }
}

function optionsOf({ run, settings }: Work): BuilderOptions {
  const configured = (schema: string, name: string): boolean => covers(settings, schema, name);
  if (run.mode !== 'selective') return { whole: true, takes: configured, removes: () => true };
  const selected = (schema: string, name: string): boolean =>
    covers(run, schema, name) && configured(schema, name);
  return { whole: false, takes: selected, removes: selected };
}

/** @throws AppError of the first scope where every one of them failed. */
function readingOf(
  { run, settings, destination: origin }: Work,
  { base }: Attempt,
  builder: SnapshotBuilder,
): Reading {
  const before = base?.scopes ?? [];
  const read = builder.outcomes;
  const renewed = builder.renewed;
  const coverage = coverageKey(settings);
  if (builder.sourceUnchanged && base) {
    const unchanged = before.reduce((sum, { datasets }) => sum + datasets, 0);
    const changes = { added: 0, changed: 0, removed: 0, unchanged };
    const token = builder.token ?? base.token;
    return { state: 'succeeded', read, scopes: before, changes, renewed, token, coverage, origin };
  }
  const state = runOutcome(read);
  if (state === 'failed') {
    const [first] = read;
    throw new AppError(first?.code ?? 'QUERY_FAILED', first?.reason ?? 'Nothing could be read.');
  }
  const scopes = nextScopes(run.mode, before, read);
  const { changes } = builder;
  if (run.mode === 'selective')
    return {
      state,
      read,
      scopes,
      changes,
      renewed,
      token: base?.token ?? null,
      coverage: base?.coverage ?? '',
      origin: base ? base.origin : origin,
    };
  // The token of a run with gaps would hide them from the next one.
  const token = state === 'succeeded' ? (builder.token ?? null) : null;
  return { state, read, scopes, changes, renewed, token, coverage, origin };
}

function outcomeOf(event: {
  readonly scope: string;
  readonly status: ScopeOutcome['status'];
  readonly code?: ScopeOutcome['code'];
  readonly reason?: string;
}): ScopeOutcome {
  const { scope: name, status, code, reason } = event;
  return { name, status, ...(code ? { code } : {}), ...(reason === undefined ? {} : { reason }) };
}
