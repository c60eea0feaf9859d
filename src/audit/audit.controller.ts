import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { AuditLog } from './audit-log.service.js';
import { AuditEventPage, AuditEventQuery } from './audit.dto.js';

@ApiTags('audit')
@Controller('audit-events')
export class AuditController {
  constructor(private readonly audit: AuditLog) {}

  @Get()
  @RequirePermission('audit:read')
  @ApiOperation({ operationId: 'list_audit_events', summary: 'Who did what, newest first' })
  @ApiOkResponse({ type: AuditEventPage })
  @ApiProblems(401, 403, 422, 503)
  list(@CurrentActor() actor: Actor, @Query() query: AuditEventQuery): Promise<AuditEventPage> {
    return this.audit.list(actor.orgId, query);
  }
}
