import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { UuidPipe } from '../common/uuid.pipe.js';
import { matchesEtag } from '../platform/http/etag.js';
import type { Reply } from '../platform/http/reply.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { DiffQuery, SchemaDiff } from './dto/diff.view.js';
import { SchemaPage, SchemaQuery } from './dto/schema.view.js';
import { SchemasService } from './schemas.service.js';
import { SnapshotDiffs } from './snapshot-diffs.service.js';

const ETAG = {
  ETag: {
    description: 'Weak; it stays the same while only `discovered_at` moves on.',
    schema: { type: 'string' },
  },
  'Last-Modified': { description: 'The moment of `discovered_at`.', schema: { type: 'string' } },
} as const;

/** What was discovered in a data source. */
@ApiTags('schema-discovery')
@Controller('data-sources/:data_source_id/schemas')
export class SchemasController {
  constructor(
    private readonly schemas: SchemasService,
    private readonly diffs: SnapshotDiffs,
  ) {}

  @Get()
  @RequirePermission('data_sources:read')
  @ApiOperation({
    operationId: 'list_data_source_schemas',
    summary: 'List discovered schemas',
    description:
      'The latest snapshot, or the named one. Before the first discovery the list is empty and `state` says why.',
  })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'An ETag of an earlier answer.',
    schema: { type: 'string' },
  })
  @ApiOkResponse({ type: SchemaPage, headers: ETAG })
  @ApiResponse({ status: 304, description: 'Nothing changed since that answer.', headers: ETAG })
  @ApiProblems(401, 403, 404, 422, 503)
  async list(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Query() query: SchemaQuery,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Buffer | undefined> {
    const page = await this.schemas.page(actor.orgId, id, query);
    reply.header('etag', page.etag).header('cache-control', 'private, no-cache');
    if (page.discoveredAt) reply.header('last-modified', page.discoveredAt.toUTCString());
    if (matchesEtag(known, page.etag)) {
      reply.status(304);
      return undefined;
    }
    reply.header('content-type', 'application/json; charset=utf-8');
    return page.body();
  }

  @Get('diff')
  @RequirePermission('data_sources:read')
  @ApiOperation({ operationId: 'diff_data_source_schemas', summary: 'Compare two snapshots' })
  @ApiOkResponse({ type: SchemaDiff })
  @ApiProblems(401, 403, 404, 422, 503)
  diff(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Query() query: DiffQuery,
  ): Promise<SchemaDiff> {
    return this.diffs.diff(actor.orgId, id, query);
  }
}
