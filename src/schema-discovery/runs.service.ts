import { Injectable } from '@nestjs/common';
import { v7 as uuid } from 'uuid';
import { AuditService } from '../audit/audit.service.js';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { decodeIdCursor, encodeCursor } from '../common/page.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Jobs } from '../platform/jobs/jobs.service.js';
import { CatalogStore } from './catalog-store.service.js';
import type { DiscoveryRunPage, DiscoveryRunQuery, DiscoveryRunView } from './dto/run.view.js';
import { RunFeed } from './run-feed.service.js';
import { RUN_COLUMNS, toRunView, type RunRow } from './run-row.js';
import { isActive, type RunOrder } from './schema-discovery.types.js';

export interface Requested {
  readonly run: DiscoveryRunView;
  /** False: a run of this source was under way, and this is it. */
  readonly created: boolean;
}

/** Asks for runs, stops them and tells how they stand. The work itself is `DiscoveryWorker`'s. */
@Injectable()
export class RunsService {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly sources: DataSourcesService,
    private readonly audit: AuditService,
    private readonly feed: RunFeed,
    private readonly catalogs: CatalogStore,
  ) {}

  /**
   * Queues a run, or gives back the one of this source that is under way.
   *
   * @throws AppError NOT_FOUND, or CONFLICT while the source is paused or in maintenance. Somebody who asks for what the
   *   type can never do here is told so at once: UNSUPPORTED, or DRIVER_MISSING with the command.
   */
  async request(actor: Actor, dataSourceId: string, order: RunOrder): Promise<Requested> {
    const facts = await this.sources.facts(actor.orgId, dataSourceId);
    if (order.trigger === 'manual') this.sources.requireFacet(facts, 'discover');
    const strategy = order.strategy ?? facts.discovery.strategy;
    return this.database.inOrg(actor.orgId, async (tx) => {
      await this.holdAwake(tx, dataSourceId);
      const [run, created] = await this.insertOrFind(tx, actor, dataSourceId, { ...order, strategy });
      if (!created) return { run: toRunView(run), created };
      await this.jobs.add(tx, { kind: 'discovery', orgId: actor.orgId, refId: run.id });
      const view = toRunView(run);
      await this.feed.append(tx, run.id, 'state', view);
      if (order.trigger === 'manual')
        await this.audit.record(tx, actor, {
          action: 'data_source.discover',
          targetType: 'data_source',
          targetId: dataSourceId,
          result: 'success',
          details: { run_id: run.id, mode: order.mode },
        });
      return { run: view, created };
    });
  }

  /** @throws AppError NOT_FOUND, or CONFLICT when it has ended already. */
  async cancel(actor: Actor, dataSourceId: string, runId: string): Promise<DiscoveryRunView> {
    const view = await this.database.inOrg(actor.orgId, async (tx) => {
      // The job before the run, as in every other transaction: the other way round they would wait for each other.
      await this.jobs.cancel(tx, 'discovery', runId);
      const [[row]] = await tx.query<[RunRow[], number]>(
        `UPDATE discovery_runs SET state = 'cancelled', finished_at = clock_timestamp()
         WHERE id = $1 AND data_source_id = $2 AND state IN ('queued', 'running') RETURNING ${RUN_COLUMNS}`,
        [runId, dataSourceId],
      );
      if (!row) {
        await this.row(tx, dataSourceId, runId);
        throw new AppError('CONFLICT', 'The run has ended already.');
      }
      const cancelled = toRunView(row);
      await this.feed.append(tx, runId, 'state', cancelled);
      await this.feed.forgetProgress(tx, runId);
      await this.audit.record(tx, actor, {
        action: 'data_source.discover_cancel',
        targetType: 'data_source',
        targetId: dataSourceId,
        result: 'success',
        details: { run_id: runId },
      });
      return cancelled;
    });
    await this.catalogs.discardRun(actor.orgId, runId);
    return view;
  }

  /** The run that is under way for a source, if any. */
  async underWay(orgId: string, dataSourceId: string): Promise<string | undefined> {
    const row = await this.database.inOrg(orgId, (tx) => this.active(tx, dataSourceId));
    return row?.id;
  }

  /** @throws AppError NOT_FOUND */
  async get(orgId: string, dataSourceId: string, runId: string): Promise<DiscoveryRunView> {
    await this.sources.facts(orgId, dataSourceId);
    return this.database.inOrg(orgId, async (tx) => toRunView(await this.row(tx, dataSourceId, runId)));
  }

  /** Newest first. @throws AppError NOT_FOUND */
  async list(orgId: string, dataSourceId: string, query: DiscoveryRunQuery): Promise<DiscoveryRunPage> {
    await this.sources.facts(orgId, dataSourceId);
    const before = query.cursor === undefined ? null : decodeIdCursor(query.cursor);
    const rows = await this.database.readInOrg<RunRow>(
      orgId,
      `SELECT ${RUN_COLUMNS} FROM discovery_runs
       WHERE data_source_id = $1 AND ($2::text IS NULL OR id < $2::uuid) AND ($3::text IS NULL OR state = $3)
       ORDER BY id DESC LIMIT $4`,
      [dataSourceId, before, query.state ?? null, query.limit + 1],
    );
    const items = rows.slice(0, query.limit).map(toRunView);
    const last = items.at(-1);
    const more = rows.length > query.limit && last !== undefined;
    return { items, has_more: more, next_cursor: more ? encodeCursor([last.run_id]) : null };
  }

  /** Waits until the run has ended, at most `ms`; gives back how it stands then. */
  async settled(orgId: string, run: DiscoveryRunView, ms: number): Promise<DiscoveryRunView> {
    const late = AbortSignal.timeout(ms);
    let view = run;
    while (isActive(view.state) && !late.aborted && !this.feed.stopped) {
      await this.feed.change(run.run_id, late);
      view = await this.get(orgId, run.data_source_id, run.run_id);
    }
    return view;
  }

  /** Ends the jobs of runs that went with their source: nothing says any more what they are about. */
  async forgetPurged(orgId: string): Promise<void> {
    await this.database.inOrg(orgId, async (tx) => {
      const orphans = await tx.query<{ ref_id: string }[]>(
        `SELECT ref_id FROM jobs j
         WHERE kind = 'discovery' AND NOT EXISTS (SELECT FROM discovery_runs r WHERE r.id = j.ref_id)`,
      );
      for (const { ref_id: runId } of orphans) await this.jobs.cancel(tx, 'discovery', runId);
    });
  }

  /**
   * Keeps a source as it is until the transaction ends, so that whoever lays it to rest or deletes it meanwhile finds the
   * run and stops it.
   */
  private async holdAwake(tx: Tx, dataSourceId: string): Promise<void> {
    const [source] = await tx.query<{ rests: boolean }[]>(
      `SELECT status = 'maintenance' OR coalesce(status_reason->>'code', '') = 'PAUSED' AS rests FROM data_sources
       WHERE id = $1 AND deleted_at IS NULL FOR SHARE`,
      [dataSourceId],
    );
    if (!source) throw AppError.notFound('data source');
    if (source.rests)
      throw new AppError('CONFLICT', 'The data source is paused or in maintenance.', {
        hint: 'Resume it first.',
      });
  }

  private async insertOrFind(
    tx: Tx,
    actor: Actor,
    dataSourceId: string,
    order: RunOrder,
  ): Promise<[RunRow, boolean]> {
    // The run in the way may end between the two statements; then there is room for a new one.
    for (let tries = 0; tries < 3; tries += 1) {
      const made = await this.insert(tx, actor, dataSourceId, order);
      if (made) return [made, true];
      const active = await this.active(tx, dataSourceId);
      if (active) return [active, false];
    }
    throw AppError.notFound('data source');
  }

  private async insert(
    tx: Tx,
    actor: Actor,
    dataSourceId: string,
    order: RunOrder,
  ): Promise<RunRow | undefined> {
    const [row] = await tx.query<RunRow[]>(
      `INSERT INTO discovery_runs (id, org_id, data_source_id, mode, strategy, include, exclude, trigger, requested_by)
       SELECT $1, org_id, id, $3, $4, $5, $6, $7, $8 FROM data_sources
       WHERE id = $2
       ON CONFLICT (data_source_id) WHERE state IN ('queued', 'running') DO NOTHING RETURNING ${RUN_COLUMNS}`,
      [
        uuid(),
        dataSourceId,
        order.mode,
        order.strategy,
        order.include ?? [],
        order.exclude ?? [],
        order.trigger,
        actor.userId,
      ],
    );
    return row;
  }

  private async active(tx: Tx, dataSourceId: string): Promise<RunRow | undefined> {
    const [row] = await tx.query<RunRow[]>(
      `SELECT ${RUN_COLUMNS} FROM discovery_runs WHERE data_source_id = $1 AND state IN ('queued', 'running')`,
      [dataSourceId],
    );
    return row;
  }

  private async row(tx: Tx, dataSourceId: string, runId: string): Promise<RunRow> {
    const [row] = await tx.query<RunRow[]>(
      `SELECT ${RUN_COLUMNS} FROM discovery_runs WHERE id = $1 AND data_source_id = $2`,
      [runId, dataSourceId],
    );
    if (!row) throw AppError.notFound('discovery run');
    return row;
  }
}
