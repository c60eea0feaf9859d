import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Database, type Tx } from '../../platform/database/database.service.js';
import { EgressPolicy } from './egress.policy.js';

export const EGRESS_MODES = ['deployment', 'allow_list'] as const;

/** What an organization allows its own sources. */
export interface OrganizationEgress {
  /** `deployment`: whatever the deployment allows. `allow_list`: of that, only what `allow` names. */
  readonly mode: (typeof EGRESS_MODES)[number];
  /** CIDRs, addresses, host names and `*.suffix` names. */
  readonly allow: readonly string[];
  /** 0 where it never said anything. */
  readonly version: number;
  readonly updated_by: string | null;
  readonly updated_at: Date | null;
}

/** A policy that was changed is in force everywhere after this time. */
const CACHE_MS = 30_000;
const CACHE_SIZE = 10_000;
const UNSAID: OrganizationEgress = {
  mode: 'deployment',
  allow: [],
  version: 0,
  updated_by: null,
  updated_at: null,
};
const READ = 'SELECT mode, allow, version, updated_by, updated_at FROM egress_policies WHERE org_id = $1';

/** The egress policies of the organizations, read when they are needed and kept for half a minute. */
@Injectable()
export class EgressPolicies {
  private readonly cache = new Map<
    string,
    { readonly until: number; readonly list: EgressPolicy | undefined }
  >();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * The allow-list that the addresses of the organization must be in; undefined where it has none.
   *
   * @throws AppError DATABASE_UNAVAILABLE: nothing is dialled on a guess.
   */
  async listOf(orgId: string): Promise<EgressPolicy | undefined> {
    const known = this.cache.get(orgId);
    if (known && this.clock.monotonic() < known.until) return known.list;
    const { mode, allow } = await this.read(orgId);
    const list = mode === 'allow_list' ? new EgressPolicy(allow) : undefined;
    if (this.cache.size >= CACHE_SIZE) this.cache.clear();
    this.cache.set(orgId, { until: this.clock.monotonic() + CACHE_MS, list });
    return list;
  }

  /** The entries of an allow-list that cannot be honoured, by their place in it, and why. */
  faultsOf(allow: readonly string[]): EgressPolicy['faults'] {
    return new EgressPolicy(allow).faults;
  }

  async read(orgId: string): Promise<OrganizationEgress> {
    const [found] = await this.database.readInOrg<OrganizationEgress>(orgId, READ, [orgId]);
    return found ?? UNSAID;
  }

  /**
   * Writes the policy in the caller's transaction.
   *
   * @param version of the policy that it replaces; undefined replaces any.
   * @returns false where there is another version meanwhile.
   */
  async write(
    tx: Tx,
    orgId: string,
    policy: Pick<OrganizationEgress, 'mode' | 'allow' | 'updated_by'>,
    version: number | undefined,
  ): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO egress_policies AS p (org_id, mode, allow, updated_by)
       SELECT $1, $2, $3, $4 WHERE $5::integer IS NULL OR $5 = 0 OR EXISTS (
         SELECT FROM egress_policies WHERE org_id = $1)
       ON CONFLICT (org_id) DO UPDATE SET mode = EXCLUDED.mode, allow = EXCLUDED.allow,
         updated_by = EXCLUDED.updated_by, updated_at = now(), version = p.version + 1
         WHERE $5::integer IS NULL OR p.version = $5
       RETURNING p.version`,
      [orgId, policy.mode, policy.allow, policy.updated_by, version ?? null],
    );
    Database.afterCommit(tx, () => this.cache.delete(orgId));
    return rows.length > 0;
  }
}
