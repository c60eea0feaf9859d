import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { UuidPipe } from '../common/uuid.pipe.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { LoadView } from './dto/load.dto.js';
import { LoadLedger } from './load-ledger.service.js';
import { SourceCache } from './source-cache.service.js';

/** What the product costs a source. */
@ApiTags('data-sources')
@Controller('data-sources/:data_source_id/load')
export class LoadController {
  constructor(
    private readonly cache: SourceCache,
    private readonly ledger: LoadLedger,
  ) {}

  @Get()
  @RequirePermission('metrics:read')
  @ApiOperation({
    operationId: 'get_data_source_load',
    summary: 'What the product runs on a source: statements by purpose, the costliest, the last',
    description:
      'As the answering process has seen it since it began to use the source. No value of a statement is kept.',
  })
  @ApiOkResponse({ type: LoadView })
  @ApiProblems(401, 403, 404, 422, 503)
  async get(
    @CurrentActor() { orgId }: Actor,
    @Param('data_source_id', UuidPipe) id: string,
  ): Promise<LoadView> {
    await this.cache.row({ orgId, dataSourceId: id });
    const { since, statementsLastMinute, byPurpose, top, recent } = this.ledger.report(id);
    return {
      from: new Date(since).toISOString(),
      to: new Date().toISOString(),
      now: { statements_last_minute: statementsLastMinute },
      by_purpose: [...byPurpose],
      top: [...top],
      recent: recent.map(({ at, purpose, by, fingerprint, ms, rows, outcome }) => ({
        at: new Date(at).toISOString(),
        purpose,
        by,
        fingerprint,
        ms,
        rows,
        outcome,
      })),
    };
  }
}
