import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { IntPipe } from '../common/int.pipe.js';
import { ApiProblems } from '../common/problem.js';
import { CurrentActor, RequirePermission } from '../rbac/access.decorator.js';
import { KeyStore, type OrganizationKeyState } from './key-store.service.js';
import { DestroyKeyQuery, OrganizationKeysView, RewrapView } from './keys.dto.js';

/** The data keys of the caller's organization: every stored secret is encrypted under one of them. */
@ApiTags('keys')
@Controller('organization/keys')
export class KeysController {
  constructor(private readonly keys: KeyStore) {}

  @Get()
  @RequirePermission('keys:read')
  @ApiOperation({
    operationId: 'get_organization_keys',
    summary: 'The versions of the key that encrypts your secrets, and how far a rotation is',
  })
  @ApiOkResponse({ type: OrganizationKeysView })
  @ApiProblems(401, 403, 503)
  get(@CurrentActor() actor: Actor): Promise<OrganizationKeyState> {
    return this.keys.state(actor.orgId);
  }

  @Post('rotate')
  @HttpCode(202)
  @RequirePermission('keys:manage')
  @ApiOperation({
    operationId: 'rotate_organization_key',
    summary: 'Make a new key and encrypt all stored secrets under it',
    description:
      'The new key encrypts at once; what is stored is encrypted anew in the background and can be read all the while. `GET /organization/keys` tells how far it is.',
  })
  @ApiAcceptedResponse({ type: OrganizationKeysView })
  @ApiProblems(401, 403, 409, 503)
  rotate(@CurrentActor() actor: Actor): Promise<OrganizationKeyState> {
    return this.keys.rotate(actor);
  }

  @Post('rewrap')
  @HttpCode(200)
  @RequirePermission('keys:manage')
  @ApiOperation({
    operationId: 'rewrap_organization_keys',
    summary: 'Wrap your keys under the newest application secret',
    description:
      'Nothing that is stored is encrypted anew. Operators do it for all organizations: `npm run keys -- rewrap`.',
  })
  @ApiOkResponse({ type: RewrapView })
  @ApiProblems(401, 403, 503)
  async rewrap(@CurrentActor() actor: Actor): Promise<RewrapView> {
    return { rewrapped: await this.keys.rewrap(actor) };
  }

  @Delete(':version')
  @HttpCode(204)
  @RequirePermission('keys:manage')
  @ApiOperation({
    operationId: 'destroy_organization_key',
    summary: 'Destroy an old key for good',
    description:
      'Whatever was encrypted under it, in backups of the database too, cannot be read any more. The active key cannot be destroyed: rotate it first.',
  })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404, 409, 422, 503)
  async destroy(
    @CurrentActor() actor: Actor,
    @Param('version', IntPipe) version: number,
    @Query() { force }: DestroyKeyQuery,
  ): Promise<void> {
    await this.keys.destroy(actor, version, force);
  }
}
