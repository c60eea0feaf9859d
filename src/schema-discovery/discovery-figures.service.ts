import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '../platform/database/database.service.js';
import { OrganizationFigures } from '../platform/telemetry/organization-figures.js';
import { DatasetPages } from './dataset-pages.service.js';
import type { DiscoveryFiguresView } from './dto/figures.view.js';
import { RUN_STATES, type RunState } from './schema-discovery.types.js';

interface Row {
  readonly state: RunState;
  readonly runs: number;
}

interface Durations {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

@Injectable()
export class DiscoveryFigures implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly pages: DatasetPages,
    private readonly figures: OrganizationFigures,
  ) {}

  onModuleInit(): void {
    this.figures.add('discovery', (orgId) => this.forOrganization(orgId));
  }

  async forOrganization(orgId: string): Promise<DiscoveryFiguresView> {
    const recent = `org_id = $1 AND created_at > now() - interval '24 hours'`;
    const [states, [durations]] = await Promise.all([
      this.database.readInOrg<Row>(
        orgId,
        `SELECT state, count(*)::int AS runs FROM discovery_runs WHERE ${recent} GROUP BY state`,
        [orgId],
      ),
      this.database.readInOrg<Durations>(
        orgId,
        `SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::int AS p50,
           round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms))::int AS p95, round(max(ms))::int AS max
         FROM (SELECT extract(epoch FROM finished_at - started_at) * 1000 AS ms FROM discovery_runs
               WHERE ${recent} AND finished_at IS NOT NULL AND started_at IS NOT NULL) d`,
        [orgId],
      ),
    ]);
    const none = Object.fromEntries(RUN_STATES.map((state) => [state, 0])) as Record<RunState, number>;
    for (const { state, runs } of states) none[state] = runs;
    return {
      runs_24h: none,
      duration_ms: durations ?? { p50: null, p95: null, max: null },
      schema_cache: this.pages.stats,
    };
  }
}
