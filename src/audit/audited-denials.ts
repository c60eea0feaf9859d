import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { Denials } from '../rbac/denials.js';
import type { Permission } from '../rbac/permissions.js';
import { AuditService } from './audit.service.js';

/** Refusals become audit events. */
@Injectable()
export class AuditedDenials extends Denials {
  constructor(private readonly audit: AuditService) {
    super();
  }

  record(actor: Actor, permission: Permission, attempted: string): Promise<void> {
    return this.audit.recordApart(actor, {
      action: 'access.denied',
      targetType: 'permission',
      targetId: permission,
      result: 'denied',
      code: 'FORBIDDEN',
      details: { attempted },
    });
  }
}
