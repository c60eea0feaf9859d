import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
  StreamableFile,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { UuidPipe } from '../common/uuid.pipe.js';
import type { Reply } from '../platform/http/reply.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { DiscoverRequest, toOrder } from './dto/discover.request.js';
import { DiscoveryRunPage, DiscoveryRunQuery, DiscoveryRunView } from './dto/run.view.js';
import { lastEventId, preferredWait } from './http.js';
import { RunStreams } from './run-streams.service.js';
import { RunsService } from './runs.service.js';
import { isActive } from './schema-discovery.types.js';

const RETRY_AFTER_S = '2';
const RUN_HEADERS = {
  Location: { description: 'Where the run is found.', schema: { type: 'string', format: 'uri-reference' } },
  'Retry-After': { description: 'Seconds after which to look again.', schema: { type: 'integer' } },
  'Preference-Applied': { description: 'The wait that was granted.', schema: { type: 'string' } },
} as const;

/** Discovery runs of a data source. */
@ApiTags('schema-discovery')
@Controller('data-sources/:data_source_id')
export class RunsController {
  constructor(
    private readonly runs: RunsService,
    private readonly streams: RunStreams,
  ) {}

  @Post('discover-schema')
  @HttpCode(202)
  @RequirePermission('data_sources:discover')
  @ApiOperation({
    operationId: 'discover_data_source_schema',
    summary: 'Discover the schema of a data source',
    description: 'While a run of this source is under way, that one is given back.',
  })
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`wait=N` waits up to N seconds (at most 30) for the run to end.',
    schema: { type: 'string', example: 'wait=10' },
  })
  @ApiBody({ type: DiscoverRequest, required: false })
  @ApiAcceptedResponse({ type: DiscoveryRunView, headers: RUN_HEADERS })
  @ApiOkResponse({ type: DiscoveryRunView, description: 'It ended within the wait.', headers: RUN_HEADERS })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  async discover(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Body() request: DiscoverRequest,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DiscoveryRunView> {
    const { run } = await this.runs.request(actor, id, toOrder(request));
    reply.header('location', `/api/v1/data-sources/${id}/discovery-runs/${run.run_id}`);
    const waitS = preferredWait(prefer);
    if (waitS !== undefined) reply.header('preference-applied', `wait=${String(waitS)}`);
    const view = waitS === undefined ? run : await this.runs.settled(actor.orgId, run, waitS * 1_000);
    if (isActive(view.state)) reply.header('retry-after', RETRY_AFTER_S);
    else reply.status(200);
    return view;
  }

  @Get('discovery-runs')
  @RequirePermission('data_sources:read')
  @ApiOperation({ operationId: 'list_discovery_runs', summary: 'List discovery runs, newest first' })
  @ApiOkResponse({ type: DiscoveryRunPage })
  @ApiProblems(401, 403, 404, 422, 503)
  list(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Query() query: DiscoveryRunQuery,
  ): Promise<DiscoveryRunPage> {
    return this.runs.list(actor.orgId, id, query);
  }

  @Get('discovery-runs/:run_id')
  @RequirePermission('data_sources:read')
  @ApiOperation({ operationId: 'get_discovery_run', summary: 'Get a discovery run' })
  @ApiOkResponse({ type: DiscoveryRunView, headers: { 'Retry-After': RUN_HEADERS['Retry-After'] } })
  @ApiProblems(401, 403, 404, 422, 503)
  async get(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Param('run_id', UuidPipe) runId: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<DiscoveryRunView> {
    const run = await this.runs.get(actor.orgId, id, runId);
    if (isActive(run.state)) reply.header('retry-after', RETRY_AFTER_S);
    return run;
  }

  @Delete('discovery-runs/:run_id')
  @HttpCode(200)
  @RequirePermission('data_sources:discover')
  @ApiOperation({ operationId: 'cancel_discovery_run', summary: 'Cancel a discovery run' })
  @ApiOkResponse({ type: DiscoveryRunView })
  @ApiProblems(401, 403, 404, 409, 422, 503)
  cancel(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Param('run_id', UuidPipe) runId: string,
  ): Promise<DiscoveryRunView> {
    return this.runs.cancel(actor, id, runId);
  }

  @Get('discovery-runs/:run_id/events')
  @RequirePermission('data_sources:read')
  @ApiOperation({
    operationId: 'watch_discovery_run',
    summary: 'Watch a discovery run as Server-Sent Events',
    description:
      'Events `state` (a run), `progress` and `scope` (a schema that could not be read in full); the stream ends after the last state.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Goes on after this event.',
    schema: { type: 'string' },
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({
    description: 'The stream.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiNoContentResponse({ description: 'It has ended and everything was told: do not come back.' })
  @ApiProblems(401, 403, 404, 422, 429, 503)
  async watch(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Param('run_id', UuidPipe) runId: string,
    @Headers('last-event-id') after: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StreamableFile | undefined> {
    const run = await this.runs.get(actor.orgId, id, runId);
    const stream = await this.streams.watch(actor.orgId, run, lastEventId(after));
    reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
    if (stream) return new StreamableFile(stream, { type: 'text/event-stream; charset=utf-8' });
    reply.status(204);
    return undefined;
  }
}
