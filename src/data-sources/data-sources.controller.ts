import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { UuidPipe } from '../common/uuid.pipe.js';
import { matchesEtag } from '../platform/http/etag.js';
import type { Reply } from '../platform/http/reply.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { ProbeRateGuard } from '../rbac/probe-rate.guard.js';
import { CredentialChange } from './credential-change.service.js';
import { etagOf, viewOf } from './data-source.view.js';
import {
  CreateDataSource,
  DeleteQuery,
  FileUrlQuery,
  ListQuery,
  UpdateDataSource,
} from './dto/requests.dto.js';
import { DataSourcePage, DataSourceView, DeletedView, FileUrlView } from './dto/views.dto.js';
import { FileUrls } from './file-url.service.js';
import { idempotencyKey, versionOf } from './http.js';
import { Listing } from './listing.service.js';
import { Registration } from './registration.service.js';
import { Revisions } from './revisions.service.js';

const DEPRECATION = {
  Deprecation: {
    description: 'RFC 9745: since when `storage_file_id` is deprecated, where it was sent.',
    schema: { type: 'string' as const },
  },
  Sunset: { description: 'RFC 8594: when it goes away.', schema: { type: 'string' as const } },
  Link: { description: 'rel="deprecation": what to use instead.', schema: { type: 'string' as const } },
};
const ETAG = {
  ETag: {
    description: 'Strong tag, `"v<version>.<revision>"`: it changes with all that is shown, the status too.',
    schema: { type: 'string' as const },
  },
};

/** The data sources of the caller's organization. */
@ApiTags('data-sources')
@Controller('data-sources')
export class DataSourcesController {
  constructor(
    private readonly listing: Listing,
    private readonly registration: Registration,
    private readonly revisions: Revisions,
    private readonly credentials: CredentialChange,
    private readonly files: FileUrls,
  ) {}

  @Get()
  @RequirePermission('data_sources:read')
  @ApiOperation({
    operationId: 'list_data_sources',
    summary: 'List data sources with pagination and filtering',
  })
  @ApiOkResponse({
    type: DataSourcePage,
    headers: { Link: { description: 'rel="next" where there is more.', schema: { type: 'string' } } },
  })
  @ApiProblems(401, 403, 422, 503)
  async list(
    @CurrentActor() actor: Actor,
    @Query() query: ListQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DataSourcePage> {
    const page = await this.listing.list(actor, query);
    if (page.next_cursor) {
      const next = new URLSearchParams({ cursor: page.next_cursor });
      for (const [name, value] of Object.entries(query) as [string, string | number | boolean | undefined][])
        if (value !== undefined && name !== 'page' && name !== 'cursor') next.set(name, String(value));
      reply.header('link', `</api/v1/data-sources?${next.toString()}>; rel="next"`);
    }
    return page;
  }

  @Get(':data_source_id')
  @RequirePermission('data_sources:read')
  @ApiOperation({ operationId: 'get_data_source', summary: 'Get data source details by id' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'An ETag of an earlier answer.' })
  @ApiOkResponse({ type: DataSourceView, headers: ETAG })
  @ApiResponse({ status: 304, description: 'It is as it was.', headers: ETAG })
  @ApiProblems(401, 403, 404, 422, 503)
  async get(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DataSourceView | undefined> {
    const row = await this.listing.get(actor, id);
    const etag = etagOf(row);
    reply.header('etag', etag).header('cache-control', 'private, no-cache');
    if (matchesEtag(known, etag)) {
      reply.status(304);
      return undefined;
    }
    return viewOf(row);
  }

  @Post()
  @RequirePermission('data_sources:create')
  @ApiOperation({
    operationId: 'create_data_source',
    summary: 'Create a new data source',
    description:
      'Answers at once with status `testing`; the test runs by itself and moves it to `active`, `inactive` or `failed`.',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'The same key gives the same source.' })
  @ApiCreatedResponse({
    type: DataSourceView,
    headers: {
      ...ETAG,
      ...DEPRECATION,
      Location: { description: 'Path of the source.', schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 503)
  async create(
    @CurrentActor() actor: Actor,
    @Body() request: CreateDataSource,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DataSourceView> {
    const row = await this.registration.create(actor, request, idempotencyKey(key));
    reply.header('location', `/api/v1/data-sources/${row.id}`).header('etag', etagOf(row));
    return deprecating(reply, request.storage_file_id, viewOf(row));
  }

  @Patch(':data_source_id')
  @RequirePermission('data_sources:update')
  @ApiOperation({
    operationId: 'update_data_source',
    summary: 'Update data source configuration (merge patch)',
  })
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description:
      'The ETag that was read. 412 where the configuration was changed since then; a status that moved is no such change.',
  })
  @ApiOkResponse({ type: DataSourceView, headers: { ...ETAG, ...DEPRECATION } })
  @ApiProblems(400, 401, 403, 404, 409, 412, 413, 415, 422, 503)
  async update(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Body() request: UpdateDataSource,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DataSourceView> {
    const row = await this.revisions.update(actor, id, request, versionOf(ifMatch));
    reply.header('etag', etagOf(row));
    return deprecating(reply, request.storage_file_id, viewOf(row));
  }

  @Patch(':data_source_id/credentials')
  @RequirePermission('credentials:write')
  @UseGuards(ProbeRateGuard)
  @ApiOperation({
    operationId: 'update_data_source_credentials',
    summary: 'Update data source credentials',
    description: 'The new secrets are tested first; the old ones stay where the source does not accept them.',
  })
  @ApiBody({ schema: { $ref: '#/components/schemas/Credentials' } })
  @ApiOkResponse({ type: DataSourceView, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 413, 415, 422, 429, 500, 502, 503)
  async updateCredentials(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Body() secrets: Record<string, unknown>,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DataSourceView> {
    const row = await this.credentials.apply(actor, id, secrets);
    reply.header('etag', etagOf(row));
    return viewOf(row);
  }

  @Get(':data_source_id/file-url')
  @RequirePermission('data_sources:file_url')
  @ApiOperation({
    operationId: 'get_data_source_file_url',
    summary: 'Get presigned URL for file-based data source',
  })
  @ApiOkResponse({
    type: FileUrlView,
    headers: { 'Cache-Control': { description: 'no-store', schema: { type: 'string' } } },
  })
  @ApiProblems(401, 403, 404, 409, 422, 503)
  async fileUrl(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Query() query: FileUrlQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<FileUrlView> {
    reply.header('cache-control', 'no-store');
    return this.files.create(actor, id, query.expires_in ?? 300);
  }

  @Delete(':data_source_id')
  @HttpCode(200)
  @RequirePermission('data_sources:delete')
  @ApiOperation({
    operationId: 'delete_data_source',
    summary: 'Delete data source (soft delete by default)',
    description:
      'A soft-deleted source can be restored for 30 days. force=true deletes credentials, snapshots and history too.',
  })
  @ApiOkResponse({ type: DeletedView })
  @ApiNoContentResponse({ description: 'Deleted for good.' })
  @ApiProblems(401, 403, 404, 422, 503)
  async remove(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Query() { force = false }: DeleteQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DeletedView | undefined> {
    const row = await this.revisions.remove(actor, id, force);
    if (force) {
      reply.status(204);
      return undefined;
    }
    const { deleted_at: deletedAt, purge_at: purgeAt } = viewOf(row);
    return { id, deleted_at: deletedAt ?? '', purge_at: purgeAt ?? '' };
  }
}

/** Says in the headers that `storage_file_id` goes away. */
function deprecating<T>(reply: Reply, used: string | null | undefined, view: T): T {
  if (used != null)
    reply
      .header('deprecation', '@1764547200')
      .header('sunset', 'Wed, 30 Jun 2027 00:00:00 GMT')
      .header('link', '</docs#/data-sources>; rel="deprecation"');
  return view;
}
