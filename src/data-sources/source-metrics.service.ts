import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { SessionPools } from '../connectors/runtime/session-pools.service.js';
import { Tunnels, type TunnelFigures } from '../connectors/runtime/tunnel/tunnels.service.js';
import { Database } from '../platform/database/database.service.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { SourceMetricsView } from './dto/metrics.dto.js';
import { SOURCE_STATUSES, type SourceStatus } from './data-sources.types.js';
import { SessionsService } from './sessions.service.js';
import { SourceCache } from './source-cache.service.js';

/** Sources whose pools are listed one by one at most. */
const POOLS_SHOWN = 200;

const TUNNEL_GAUGES = [
  ['open', 'SSH tunnels that are open'],
  ['opening', 'SSH tunnels that are being opened'],
  ['channels', 'Connections that go through SSH tunnels'],
  ['reopened', 'SSH tunnels opened again after a loss, since the start'],
  ['failed', 'Openings of SSH tunnels that failed, since the start'],
] as const satisfies readonly (readonly [keyof TunnelFigures, string])[];

interface Row {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly status: SourceStatus;
}

/** Figures about sources, connections and caches: of one organization for its users, of the process for Prometheus. */
@Injectable()
export class SourceMetrics {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsService,
    private readonly cache: SourceCache,
    private readonly tunnels: Tunnels,
    pools: SessionPools,
    metrics: Metrics,
  ) {
    for (const [name, help] of TUNNEL_GAUGES)
      metrics.gauge(`datawave_ssh_tunnels_${name}`, help, () => tunnels.figures()[name]);
    metrics.gauge(
      'datawave_source_sessions_open',
      'Open sessions to data sources',
      () => pools.totals().open,
    );
    metrics.gauge(
      'datawave_source_sessions_in_use',
      'Sessions to data sources in use',
      () => pools.totals().in_use,
    );
    metrics.gauge(
      'datawave_source_sessions_waiting',
      'Callers waiting for a session',
      () => pools.totals().waiting,
    );
    metrics.gauge('datawave_source_pools', 'Session pools', () => pools.totals().pools);
    metrics.gauge('datawave_source_cache_entries', 'Configurations kept in memory', () => cache.size);
    metrics.gauge(
      'datawave_database_connections',
      'Connections to the product database',
      () => database.poolStats().total,
    );
    metrics.gauge(
      'datawave_database_waiting',
      'Callers waiting for the product database',
      () => database.poolStats().waiting,
    );
  }

  /** Figures of one organization, from this process. */
  async forOrganization({ orgId }: Actor): Promise<SourceMetricsView> {
    const rows = await this.database.readInOrg<Row>(
      orgId,
      'SELECT id, name, type, status FROM data_sources WHERE org_id = $1 AND deleted_at IS NULL ORDER BY name, id',
      [orgId],
    );
    const byStatus = Object.fromEntries(SOURCE_STATUSES.map((status) => [status, 0]));
    const byType: Record<string, number> = {};
    for (const { status, type } of rows) {
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      byType[type] = (byType[type] ?? 0) + 1;
    }
    const reports = rows.flatMap(({ id, name }) => {
      const report = this.sessions.report(id);
      return report
        ? [{ data_source_id: id, name, utilization: report.in_use / report.size, ...report }]
        : [];
    });
    const total = this.cache.hits + this.cache.misses;
    return {
      generated_at: new Date().toISOString(),
      sources: { total: rows.length, by_status: byStatus, by_type: byType },
      connections: {
        open: sum(reports, 'open'),
        in_use: sum(reports, 'in_use'),
        idle: sum(reports, 'idle'),
        waiting: sum(reports, 'waiting'),
      },
      pools: reports.slice(0, POOLS_SHOWN),
      tunnels: this.tunnels.figures(orgId),
      circuit_breakers: {
        closed: reports.filter(({ breaker }) => breaker === 'closed').length,
        open: reports.filter(({ breaker }) => breaker === 'open').length,
        half_open: reports.filter(({ breaker }) => breaker === 'half_open').length,
      },
      caches: {
        configurations: {
          hits: this.cache.hits,
          misses: this.cache.misses,
          hit_ratio: total === 0 ? null : this.cache.hits / total,
          entries: this.cache.size,
        },
      },
    };
  }
}

function sum<K extends string>(reports: readonly Readonly<Record<K, number>>[], key: K): number {
  return reports.reduce((total, report) => total + report[key], 0);
}
