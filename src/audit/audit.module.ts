import { Global, Module } from '@nestjs/common';
import { Denials } from '../rbac/denials.js';
import { AuditLog } from './audit-log.service.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';
import { AuditedDenials } from './audited-denials.js';

/** The audit log, and refusals that go into it. */
@Global()
@Module({
  controllers: [AuditController],
  providers: [AuditService, AuditLog, { provide: Denials, useClass: AuditedDenials }],
  exports: [AuditService, Denials],
})
export class AuditModule {}
