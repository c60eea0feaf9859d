import { Injectable } from '@nestjs/common';
import { systemActor } from '../common/actor.js';
import { EgressDenials, type EgressRefusal } from '../connectors/runtime/egress-denials.js';
import { AuditService } from './audit.service.js';

/** Addresses that were refused become audit events, one a minute for each. */
@Injectable()
export class AuditedEgressDenials extends EgressDenials {
  constructor(private readonly audit: AuditService) {
    super();
  }

  record(orgId: string, where: string, refusal: EgressRefusal): Promise<void> {
    return this.audit.recordApart(systemActor(orgId, 'egress'), {
      action: 'egress.denied',
      targetType: 'address',
      targetId: where,
      result: 'denied',
      code: 'EGRESS_DENIED',
      details: { reason: refusal },
    });
  }
}
