import { Body, Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { UuidPipe } from '../common/uuid.pipe.js';
import { OrganizationFigures } from '../platform/telemetry/organization-figures.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { ProbeRateGuard } from '../rbac/probe-rate.guard.js';
import { viewOf } from './data-source.view.js';
import { SourceMetricsView } from './dto/metrics.dto.js';
import { MaintenanceRequest, PauseRequest, TestSaved, TestUnsaved } from './dto/requests.dto.js';
import { DataSourceView, TestResultView } from './dto/views.dto.js';
import { Lifecycle } from './lifecycle.service.js';
import { Revisions } from './revisions.service.js';
import { SourceMetrics } from './source-metrics.service.js';
import { Tests } from './tests.service.js';

/** What can be done with data sources beside reading and changing them. */
@ApiTags('data-sources')
@Controller('data-sources')
export class ActionsController {
  constructor(
    private readonly tests: Tests,
    private readonly lifecycle: Lifecycle,
    private readonly revisions: Revisions,
    private readonly metrics: SourceMetrics,
    private readonly figures: OrganizationFigures,
  ) {}

  @Get('metrics')
  @RequirePermission('metrics:read')
  @ApiOperation({ operationId: 'get_data_source_metrics', summary: 'Get connection metrics for monitoring' })
  @ApiOkResponse({ type: SourceMetricsView })
  @ApiProblems(401, 403, 503)
  async getMetrics(@CurrentActor() actor: Actor): Promise<SourceMetricsView> {
    const [own, sections] = await Promise.all([
      this.metrics.forOrganization(actor),
      this.figures.collect(actor.orgId),
    ]);
    return Object.assign(own, sections);
  }

  @Post('test')
  @HttpCode(200)
  @RequirePermission('data_sources:test')
  @UseGuards(ProbeRateGuard)
  @ApiOperation({ operationId: 'test_connection', summary: 'Test a connection that is not saved' })
  @ApiOkResponse({ type: TestResultView })
  @ApiProblems(400, 401, 403, 413, 415, 422, 429, 503)
  testUnsaved(@CurrentActor() actor: Actor, @Body() request: TestUnsaved): Promise<TestResultView> {
    return this.tests.unsaved(actor, request);
  }

  @Post(':data_source_id/test')
  @HttpCode(200)
  @RequirePermission('data_sources:test')
  @UseGuards(ProbeRateGuard)
  @ApiOperation({
    operationId: 'test_data_source',
    summary: 'Test data source connection',
    description:
      'Without a body the saved source is tested and its status follows the result. A test of the tunnel alone changes no status.',
  })
  @ApiBody({ type: TestSaved, required: false })
  @ApiOkResponse({ type: TestResultView })
  @ApiProblems(400, 401, 403, 404, 413, 415, 422, 429, 503)
  test(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Body() request?: TestSaved,
  ): Promise<TestResultView> {
    return this.tests.saved(actor, id, request);
  }

  @Post(':data_source_id/restore')
  @HttpCode(200)
  @RequirePermission('data_sources:delete')
  @ApiOperation({ operationId: 'restore_data_source', summary: 'Restore a deleted data source' })
  @ApiOkResponse({ type: DataSourceView })
  @ApiProblems(401, 403, 404, 409, 422, 503)
  async restore(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
  ): Promise<DataSourceView> {
    return viewOf(await this.revisions.restore(actor, id));
  }

  @Post(':data_source_id/pause')
  @HttpCode(200)
  @RequirePermission('data_sources:update')
  @ApiOperation({ operationId: 'pause_data_source', summary: 'Leave a data source alone' })
  @ApiOkResponse({ type: DataSourceView })
  @ApiProblems(400, 401, 403, 404, 413, 415, 422, 503)
  async pause(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Body() { reason, until }: PauseRequest,
  ): Promise<DataSourceView> {
    return viewOf(await this.lifecycle.pause(actor, id, reason, until));
  }

  @Post(':data_source_id/maintenance')
  @HttpCode(200)
  @RequirePermission('data_sources:update')
  @ApiOperation({
    operationId: 'start_data_source_maintenance',
    summary: 'Begin a maintenance that ends by itself',
  })
  @ApiOkResponse({ type: DataSourceView })
  @ApiProblems(400, 401, 403, 404, 413, 415, 422, 503)
  async maintain(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
    @Body() { reason, until }: MaintenanceRequest,
  ): Promise<DataSourceView> {
    return viewOf(await this.lifecycle.maintain(actor, id, reason, until));
  }

  @Post(':data_source_id/resume')
  @HttpCode(200)
  @RequirePermission('data_sources:update')
  @ApiOperation({ operationId: 'resume_data_source', summary: 'End a pause or a maintenance' })
  @ApiOkResponse({ type: DataSourceView })
  @ApiProblems(401, 403, 404, 409, 422, 503)
  async resume(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
  ): Promise<DataSourceView> {
    return viewOf(await this.lifecycle.resume(actor, id));
  }

  @Post(':data_source_id/retry')
  @HttpCode(200)
  @RequirePermission('data_sources:test')
  @UseGuards(ProbeRateGuard)
  @ApiOperation({ operationId: 'retry_data_source', summary: 'Test a failed data source again' })
  @ApiOkResponse({ type: DataSourceView })
  @ApiProblems(401, 403, 404, 409, 422, 429, 503)
  async retry(
    @CurrentActor() actor: Actor,
    @Param('data_source_id', UuidPipe) id: string,
  ): Promise<DataSourceView> {
    return viewOf(await this.lifecycle.retry(actor, id));
  }
}
