import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { AuditService } from '../../src/audit/audit.service.js';
import { AppError } from '../../src/common/app-error.js';
import { withDeadline } from '../../src/common/deadline.js';
import type {
  Dataset,
  Discoverer,
  DiscoveryEvent,
  DiscoveryRequest,
  Field,
} from '../../src/connectors/spi/index.js';
import { DataSourcesService } from '../../src/data-sources/data-sources.service.js';
import type { DataSourceFacts, SourceRef, SourceStatus } from '../../src/data-sources/data-sources.types.js';
import { SessionsService, type SessionOptions } from '../../src/data-sources/sessions.service.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { EventsModule } from '../../src/platform/events/events.module.js';
import { JobsModule } from '../../src/platform/jobs/jobs.module.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { SchemaDiscoveryModule } from '../../src/schema-discovery/schema-discovery.module.js';
import type { ProductDatabase } from './product-database.js';
import { until } from './until.js';

export function field(name: string, ordinal: number, changes: Partial<Field> = {}): Field {
  return { name, ordinal, native_type: 'integer', type: 'integer', nullable: true, ...changes };
}

export function table(schema: string, name: string, changes: Partial<Dataset> = {}): Dataset {
  return {
    schema,
    name,
    kind: 'table',
    fields: [field('id', 1, { nullable: false }), field('amount', 2)],
    primary_key: { name: `${name}_pkey`, columns: ['id'] },
    ...changes,
  };
}

/** A schema of a scripted source, and how its listing ends. */
export interface ScriptedScope {
  readonly datasets: readonly Dataset[];
  readonly status?: 'complete' | 'partial' | 'failed';
  readonly reason?: string;
}

/** A source that says what a test has written down. */
export class ScriptedSource implements Discoverer {
  readonly scopes = new Map<string, ScriptedScope>();
  readonly requests: DiscoveryRequest[] = [];
  /** Given with every run; a run that knows it already hears that nothing changed. */
  token: string | undefined;
  /** Says the fingerprint of a dataset; without it every dataset is told in full. */
  fingerprint: ((dataset: Dataset) => string) | undefined;
  /** Called before each event; may wait, throw or end the process. */
  before: (event: DiscoveryEvent, signal: AbortSignal) => void | Promise<void> = () => undefined;
  /** How opening a session ends, where it does not end well. */
  fault: AppError | undefined;

  set(schema: string, datasets: readonly Dataset[], rest: Omit<ScriptedScope, 'datasets'> = {}): void {
    this.scopes.set(schema, { datasets, ...rest });
  }

  async *discover(request: DiscoveryRequest, signal: AbortSignal): AsyncGenerator<DiscoveryEvent> {
    this.requests.push(request);
    for await (const event of this.events(request)) {
      await this.before(event, signal);
      yield event;
    }
  }

  private async *events({ since }: DiscoveryRequest): AsyncGenerator<DiscoveryEvent> {
    if (this.token !== undefined && since?.token === this.token) {
      yield { event: 'source_unchanged' };
      yield { event: 'token', token: this.token };
      return;
    }
    for (const [scope, { datasets, status = 'complete', reason }] of this.scopes) {
      yield { event: 'scope_started', scope, datasets: datasets.length };
      const known = since && this.fingerprint ? await since.fingerprints(scope) : new Map<string, string>();
      for (const dataset of datasets) {
        const fingerprint = this.fingerprint?.(dataset);
        if (fingerprint !== undefined && known.get(dataset.name) === fingerprint)
          yield { event: 'unchanged', scope, names: [dataset.name] };
        else yield { event: 'dataset', dataset, ...(fingerprint === undefined ? {} : { fingerprint }) };
      }
      yield {
        event: 'scope_ended',
        scope,
        status,
        ...(reason === undefined ? {} : { reason, code: 'PERMISSION_DENIED' as const }),
      };
    }
    if (this.token !== undefined) yield { event: 'token', token: this.token };
  }
}

/** Discovery on a real database, over sources that tests write. */
export class DiscoveryWorld {
  readonly facts = new Map<string, DataSourceFacts>();
  readonly scripts = new Map<string, ScriptedSource>();
  private readonly processes: TestingModule[] = [];

  constructor(
    readonly database: Pick<ProductDatabase, 'ownerUrl' | 'superuserUrl'>,
    readonly orgId: string = randomUUID(),
  ) {}

  /** Starts what a process of this role would run. */
  async start(role: 'all' | 'worker' | 'api' = 'all'): Promise<TestingModule> {
    const config = loadConfig({
      NODE_ENV: 'test',
      ROLE: role,
      DATABASE_URL: this.database.ownerUrl,
      APP_SECRET: 'app-0123456789abcdef0123456789abcdef0123',
      JWT_SECRET: 'jwt-0123456789abcdef0123456789abcdef0123',
      LOG_LEVEL: 'error',
    });
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.with(config),
        TelemetryModule,
        DatabaseModule,
        JobsModule,
        EventsModule,
        ScheduleModule.forRoot(),
      ],
      providers: [
        { provide: DataSourcesService, useValue: this.sources },
        { provide: SessionsService, useValue: this.sessions },
        AuditService,
        ...(Reflect.getMetadata('providers', SchemaDiscoveryModule) as []),
      ],
    }).compile();
    module.enableShutdownHooks();
    await module.init();
    this.processes.push(module);
    return module;
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((module) => module.close()));
  }

  /** Registers an active source that nothing is scheduled for. */
  async register(changes: Partial<DataSourceFacts> = {}): Promise<{ id: string; source: ScriptedSource }> {
    const id = randomUUID();
    await this.sql(
      `INSERT INTO data_sources (id, org_id, name, type, category, connection, destination, pool, discovery, health,
         status, status_reason, created_by)
       VALUES ($1, $2, $1::uuid::text, 'postgresql', 'sql', '{}', 'x', '{}', '{}', '{}', $3, $4, 'test')`,
      [id, this.orgId, changes.status ?? 'active', changes.paused ? { code: 'PAUSED' } : {}],
    );
    return { id, source: this.adopt(id, changes) };
  }

  /** Takes on a source that another process has registered. */
  adopt(id: string, changes: Partial<DataSourceFacts> = {}): ScriptedSource {
    const source = new ScriptedSource();
    this.scripts.set(id, source);
    this.facts.set(id, {
      orgId: this.orgId,
      id,
      status: 'active',
      paused: false,
      destination: 'place 1',
      discovery: { auto_refresh: true, interval_s: 3_600, include: [], exclude: [], strategy: 'balanced' },
      ...changes,
    } as DataSourceFacts);
    return source;
  }

  change(id: string, changes: Partial<DataSourceFacts>): void {
    const facts = this.facts.get(id);
    if (facts) this.facts.set(id, { ...facts, ...changes });
  }

  setStatus(id: string, status: SourceStatus): void {
    this.change(id, { status });
  }

  /** Looks past row-level security. */
  async sql<Row>(statement: string, params: readonly unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.database.superuserUrl });
    await client.connect();
    try {
      return (await client.query(statement, [...params])).rows as Row[];
    } finally {
      await client.end();
    }
  }

  async state(runId: string): Promise<string> {
    const [row] = await this.sql<{ state: string }>('SELECT state FROM discovery_runs WHERE id = $1', [
      runId,
    ]);
    return row?.state ?? 'gone';
  }

  async ended(runId: string, ms = 20_000): Promise<string> {
    let state = '';
    await until(
      async () => !['queued', 'running'].includes((state = await this.state(runId))),
      `run ${runId} ends`,
      ms,
    );
    return state;
  }

  /** Rows that belong to no snapshot that anybody can read. */
  async orphans(id: string): Promise<number> {
    const [row] = await this.sql<{ n: number }>(
      `SELECT (SELECT count(*) FROM dataset_versions v WHERE v.data_source_id = $1 AND (
           NOT EXISTS (SELECT FROM snapshots s WHERE s.data_source_id = $1 AND s.seq = v.valid_from AND s.state = 'committed')
           OR (v.valid_to IS NOT NULL AND NOT EXISTS (
             SELECT FROM snapshots s WHERE s.data_source_id = $1 AND s.seq = v.valid_to AND s.state = 'committed'))))::int
         + (SELECT count(*) FROM snapshots WHERE data_source_id = $1 AND state <> 'committed')::int AS n`,
      [id],
    );
    return row?.n ?? -1;
  }

  private factsOf(orgId: string, id: string): Promise<DataSourceFacts> {
    const facts = this.facts.get(id);
    return facts?.orgId === orgId ? Promise.resolve(facts) : Promise.reject(AppError.notFound('data source'));
  }

  private readonly sources = {
    facts: (orgId: string, id: string) => this.factsOf(orgId, id),
    factsNow: (orgId: string, id: string) => this.factsOf(orgId, id),
    // Every scripted source can be discovered.
    requireFacet: () => undefined,
  };

  private readonly sessions = {
    withSession: async <T>(
      { dataSourceId }: SourceRef,
      _needs: readonly string[],
      work: (session: { discover: Discoverer }, signal: AbortSignal) => Promise<T>,
      { deadlineMs = 60_000, signal }: SessionOptions = {},
    ): Promise<T> => {
      const discover = this.scripts.get(dataSourceId);
      if (!discover) throw AppError.notFound('data source');
      if (discover.fault) throw discover.fault;
      return withDeadline(deadlineMs, signal, (inner) => work({ discover }, inner));
    },
  };
}

/** Holds a scripted source at its n-th event until it is let go or cut off. */
export class Gate {
  private seen = 0;
  private opened = false;
  reached = false;
  /** It was cut off here. */
  left = false;

  constructor(private readonly at: number) {}

  readonly before = async (_event: DiscoveryEvent, signal: AbortSignal): Promise<void> => {
    this.seen += 1;
    if (this.seen !== this.at) return;
    this.reached = true;
    try {
      while (!this.opened) await pause(10, undefined, { signal });
    } catch (error) {
      this.left = true;
      throw error;
    }
  };

  open(): void {
    this.opened = true;
  }
}
