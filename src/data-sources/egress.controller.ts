import { Body, Controller, Get, HttpCode, Post, Put, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { ApiProblems } from '../common/problem.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { ProbeRateGuard } from '../rbac/probe-rate.guard.js';
import {
  EgressCheckRequest,
  EgressCheckView,
  EgressPolicyView,
  ReplaceEgressPolicy,
} from './dto/egress.dto.js';
import { EgressPolicyService } from './egress-policy.service.js';

/** Where the sources of the caller's organization may be. */
@ApiTags('egress')
@Controller('organization/egress-policy')
export class EgressController {
  constructor(private readonly policy: EgressPolicyService) {}

  @Get()
  @RequirePermission('egress:read')
  @ApiOperation({ operationId: 'get_egress_policy', summary: 'Where your data sources may be' })
  @ApiOkResponse({ type: EgressPolicyView })
  @ApiProblems(401, 403, 503)
  get(@CurrentActor() actor: Actor): Promise<EgressPolicyView> {
    return this.policy.read(actor);
  }

  @Put()
  @RequirePermission('egress:manage')
  @ApiOperation({
    operationId: 'replace_egress_policy',
    summary: 'Say where your data sources may be',
    description:
      'It narrows what the deployment allows and never widens it. It is in force within half a minute; sessions that are open end by age.',
  })
  @ApiOkResponse({ type: EgressPolicyView })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 503)
  replace(
    @CurrentActor() actor: Actor,
    @Body() { mode, allow = [], version }: ReplaceEgressPolicy,
  ): Promise<EgressPolicyView> {
    return this.policy.replace(actor, { mode, allow, ...(version === undefined ? {} : { version }) });
  }

  @Post('check')
  @HttpCode(200)
  @RequirePermission('data_sources:test')
  @UseGuards(ProbeRateGuard)
  @ApiOperation({
    operationId: 'check_egress',
    summary: 'Whether a host and port may be dialled, and which rule forbids it',
    description: 'The name is looked up; nothing is dialled.',
  })
  @ApiOkResponse({ type: EgressCheckView })
  @ApiProblems(400, 401, 403, 413, 415, 422, 429, 503)
  check(@CurrentActor() actor: Actor, @Body() { host, port }: EgressCheckRequest): Promise<EgressCheckView> {
    return this.policy.check(actor, host, port);
  }
}
