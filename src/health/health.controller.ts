import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { UuidPipe } from '../common/uuid.pipe.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { HealthQuery, HealthView } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('health')
@Controller('data-sources/:data_source_id/health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @RequirePermission('health:read')
  @ApiOperation({
    operationId: 'get_data_source_health',
    summary: 'How well a source serves: state, score, uptime, latency, history of checks',
  })
  @ApiOkResponse({ type: HealthView })
  @ApiProblems(401, 403, 404, 422, 503)
  get(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Query() query: HealthQuery,
  ): Promise<HealthView> {
    return this.health.get(actor, id, query);
  }
}
