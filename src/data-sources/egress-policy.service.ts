import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { EgressPolicies, type OrganizationEgress } from '../connectors/runtime/egress-policies.service.js';
import { EGRESS_REFUSALS, Egress } from '../connectors/runtime/egress.service.js';
import type { EgressRefusal } from '../connectors/runtime/egress-denials.js';
import { Database } from '../platform/database/database.service.js';

/** What the rules say of a host and port, without a connection to it. */
export interface EgressCheck {
  readonly allowed: boolean;
  /** The rule that forbids it. */
  readonly reason?: EgressRefusal;
  readonly message: string;
  /** What the name leads to; none where it is refused. */
  readonly addresses: readonly string[];
}

export type EgressChange = Pick<OrganizationEgress, 'mode' | 'allow'> & { readonly version?: number };

const RESOLVE_MS = 5_000;

/** An organization's say in where its sources may be. */
@Injectable()
export class EgressPolicyService {
  constructor(
    private readonly database: Database,
    private readonly policies: EgressPolicies,
    private readonly egress: Egress,
    private readonly audit: AuditService,
  ) {}

  read({ orgId }: Actor): Promise<OrganizationEgress> {
    return this.policies.read(orgId);
  }

  /**
   * Replaces the policy: in force here at once, in other processes within half a minute. Sessions that are open stay so
   * until they are replaced by age.
   *
   * @throws AppError VALIDATION_FAILED for entries that are no address, CIDR or name, or are never allowed; CONFLICT
   *   where `version` is not the one that is stored.
   */
  async replace(actor: Actor, { mode, allow, version }: EgressChange): Promise<OrganizationEgress> {
    this.refuseFaults(mode, allow);
    const { orgId } = actor;
    await this.database.inOrg(orgId, async (tx) => {
      const entries = mode === 'allow_list' ? allow : [];
      const written = await this.policies.write(
        tx,
        orgId,
        { mode, allow: entries, updated_by: actor.userId },
        version,
      );
      if (!written)
        throw new AppError('CONFLICT', 'The egress policy was changed in the meantime.', {
          hint: 'Read it again, and send its version.',
        });
      await this.audit.record(tx, actor, {
        action: 'egress_policy.update',
        targetType: 'organization',
        targetId: orgId,
        result: 'success',
        details: { mode, allow: entries },
      });
    });
    return this.policies.read(orgId);
  }

  /** @throws AppError HOST_UNKNOWN or TIMEOUT. */
  async check({ orgId }: Actor, host: string, port: number): Promise<EgressCheck> {
    const { addresses, refusal } = await this.egress.judge(orgId, { host, port }, RESOLVE_MS);
    if (refusal === undefined) return { allowed: true, message: 'The address is allowed.', addresses };
    // Where names of the network inside lead is not for whoever may not go there.
    return { allowed: false, reason: refusal, message: EGRESS_REFUSALS[refusal], addresses: [] };
  }

  private refuseFaults(mode: OrganizationEgress['mode'], allow: readonly string[]): void {
    if (mode === 'allow_list' && allow.length === 0)
      throw AppError.invalid(
        '/allow',
        'An empty list allows nothing: name at least one address, CIDR or host name.',
        'required',
      );
    const faults = this.policies.faultsOf(allow);
    if (faults.length > 0)
      throw new AppError('VALIDATION_FAILED', 'The allow-list has entries that cannot be honoured.', {
        errors: faults.map(({ index, detail }) => ({
          pointer: `/allow/${String(index)}`,
          code: 'format',
          detail: `This ${detail}.`,
        })),
      });
  }
}
