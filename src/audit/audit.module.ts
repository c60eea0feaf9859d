import { Global, Module } from '@nestjs/common';
import { EgressDenials } from '../connectors/runtime/egress-denials.js';
import { Denials } from '../rbac/denials.js';
import { AuditLog } from './audit-log.service.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';
import { AuditedEgressDenials } from './audited-egress-denials.js';
import { AuditedDenials } from './audited-denials.js';

/** The audit log, and refusals that go into it. */
@Global()
@Module({
  controllers: [AuditController],
  providers: [
    AuditService,
    AuditLog,
    { provide: Denials, useClass: AuditedDenials },
    { provide: EgressDenials, useClass: AuditedEgressDenials },
  ],
  exports: [AuditService, Denials, EgressDenials],
})
export class AuditModule {}
