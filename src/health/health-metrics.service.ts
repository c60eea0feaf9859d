import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.service.js';
import { OrganizationFigures } from '../platform/telemetry/organization-figures.js';
import type { HealthFiguresView } from './health.dto.js';
import type { HealthVerdict } from './health.types.js';

interface SumsRow {
  readonly checks: number;
  readonly failures: number;
  readonly average_ms: number | null;
}

/** A large organization has hundreds of thousands of hours: its sums are kept for a moment. */
const KEPT_MS = 10_000;
const MAX_KEPT = 1_000;

/** Figures for the metrics of an organization. */
@Injectable()
export class HealthMetrics {
  private readonly kept = new Map<
    string,
    { readonly until: number; readonly sums: Promise<HealthFiguresView> }
  >();

  constructor(
    private readonly database: Database,
    figures: OrganizationFigures,
  ) {
    figures.add('checks', (orgId) => this.forOrganization(orgId));
  }

  /** At most ten seconds old. */
  forOrganization(orgId: string): Promise<HealthFiguresView> {
    const now = performance.now();
    const known = this.kept.get(orgId);
    if (known && known.until > now) return known.sums;
    const sums = this.read(orgId);
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    this.kept.set(orgId, { until: now + KEPT_MS, sums });
    sums.catch(() => this.kept.delete(orgId));
    return sums;
  }

  private async read(orgId: string): Promise<HealthFiguresView> {
    const [sums] = await this.database.readInOrg<SumsRow>(
      orgId,
      `SELECT coalesce(sum(checks), 0)::int AS checks, coalesce(sum(failures), 0)::int AS failures,
         (sum(duration_ms) / nullif(sum(checks - failures - inconclusive), 0))::float8 AS average_ms
       FROM health_hours WHERE org_id = $1 AND hour > now() - interval '24 hours'`,
      [orgId],
    );
    const states = await this.database.readInOrg<{ verdict: HealthVerdict; sources: number }>(
      orgId,
      `SELECT s.verdict, count(*)::int AS sources FROM health_states s
       JOIN data_sources d ON d.org_id = s.org_id AND d.id = s.data_source_id AND d.deleted_at IS NULL
       WHERE s.org_id = $1 GROUP BY s.verdict`,
      [orgId],
    );
    const average = sums?.average_ms ?? null;
    return {
      checks_24h: sums?.checks ?? 0,
      failures_24h: sums?.failures ?? 0,
      average_latency_ms: average === null ? null : Math.round(average * 100) / 100,
      sources_by_state: {
        healthy: 0,
        unreachable: 0,
        misconfigured: 0,
        ...Object.fromEntries(states.map(({ verdict, sources }) => [verdict, sources])),
      },
    };
  }
}
