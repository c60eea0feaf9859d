import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Global,
  Module,
  type ModuleMetadata,
  Post,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { request as httpRequest } from 'node:http';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { loadConfig } from '../platform/config/config.js';
import { CurrentActor, Public, RequirePermission } from './access.decorator.js';
import { Denials } from './denials.js';
import { AccessGuard } from './access.guard.js';
import { Access } from './access.service.js';
import type { Permission, RoleName } from './permissions.js';
import { RbacModule } from './rbac.module.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenVerifier } from './token-verifier.js';

const ORG = '0197f000-0000-7000-8000-00000000000a';
const config = loadConfig({
  NODE_ENV: 'test',
  APP_SECRET: 'app-0123456789abcdef0123456789abcdef0123',
  JWT_SECRET: 'jwt-0123456789abcdef0123456789abcdef0123',
});

@Controller('things')
class ThingsController {
  @Get()
  @RequirePermission('data_sources:read')
  list(@CurrentActor() actor: Actor): Actor {
    return actor;
  }

  @Post()
  @RequirePermission('data_sources:create')
  create(): string {
    return 'reached';
  }

  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }
}

@Controller('holes')
class HolesController {
  @Get()
  list(): string {
    return 'reached';
  }

  @Post('more')
  add(): string {
    return 'reached';
  }

  notARoute(): string {
    return 'fine';
  }
}

class KeptDenials extends Denials {
  readonly kept: [string, Permission, string][] = [];
  record(actor: Actor, permission: Permission, attempted: string): Promise<void> {
    this.kept.push([actor.userId, permission, attempted]);
    return Promise.resolve();
  }
}
const denials = new KeptDenials();

@Global()
@Module({ providers: [{ provide: Denials, useValue: denials }], exports: [Denials] })
class DenialsModule {}

@Catch(AppError)
class Problems implements ExceptionFilter<AppError> {
  catch(error: AppError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
    reply.status(error.status).send({ code: error.code, detail: error.message });
  }
}

async function appWith(...controllers: (new () => object)[]): Promise<NestFastifyApplication> {
  return create({ imports: [ConfigModule.with(config), DenialsModule, RbacModule], controllers });
}

async function create(module: ModuleMetadata): Promise<NestFastifyApplication> {
  const testing = await Test.createTestingModule(module).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.setGlobalPrefix('api/v1');
  app.useGlobalFilters(new Problems());
  return app;
}

describe('the access guard', () => {
  let app: NestFastifyApplication;
  let port: number;
  const token = (...roles: RoleName[]): Promise<string> =>
    app.get(TokenIssuer).issue({ orgId: ORG, userId: 'alice', roles, ttlS: 60 });
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${String(port)}${path}`, init);

  beforeAll(async () => {
    app = await appWith(ThingsController);
    await app.listen(0, '127.0.0.1');
    port = Number(new URL(await app.getUrl()).port);
  });
  afterAll(() => app.close());

  test('lets in whose roles hold the permission, as the actor of the token', async () => {
    const answer = await call('/api/v1/things', {
      headers: {
        authorization: `Bearer ${await token('viewer')}`,
        'user-agent': 'agent',
        'x-org-id': 'other',
        'x-user': 'root',
        'x-forwarded-for': '6.6.6.6',
      },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      orgId: ORG,
      userId: 'alice',
      roles: ['viewer'],
      ip: '127.0.0.1',
      userAgent: 'agent',
      requestId: expect.any(String),
    });
  });

  test('needs no token on a public route only', async () => {
    expect((await call('/api/v1/things/open')).status).toBe(200);
    const answer = await call('/api/v1/things');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="datawave"');
  });

  test.each(['Bearer x.y.z', 'Bearer', 'Basic YTpi', 'bearer  ', 'x.y.z', 'Bearer a.b.c, Bearer d.e.f'])(
    'refuses the header %p',
    async (authorization) => {
      const answer = await call('/api/v1/things', { headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="datawave", error="invalid_token"');
      expect(await answer.json()).toEqual({
        code: 'UNAUTHENTICATED',
        detail: 'A valid access token is required.',
      });
    },
  );

  test('names the permission that is missing, and has it written down', async () => {
    const answer = await call('/api/v1/things', {
      method: 'POST',
      headers: { authorization: `Bearer ${await token('viewer', 'auditor')}` },
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toContain('scope="data_sources:create"');
    expect(await answer.json()).toEqual({
      code: 'FORBIDDEN',
      detail: 'This needs the permission data_sources:create.',
    });
    expect(denials.kept).toEqual([['alice', 'data_sources:create', 'ThingsController.create']]);
  });

  test('is not talked round by the spelling of a path', async () => {
    const paths = [
      '/api//v1/things',
      '//api/v1/things',
      '/api/v1//things',
      '/api/v1/things/',
      '/api/v1/things//',
      '/API/v1/things',
      '/api/v1/Things',
      '/api/v1/things/open/..',
      '/api/v1/things/open/../',
      '/api/v1/things/open/..;/',
      '/api/v1/things;/open',
      '/api/v1/things/open/%2e%2e',
      '/api/v1/things/%2e%2e/things',
      '/api/v1/things%2f',
      '/api/v1/things%2fopen',
      '/api/v1/th%69ngs',
      '/api/v1/things?/open',
      '/api/v1/things?/health/live',
      '/api/v1/things#/open',
      '/api/v1/things%00',
      '/api/v1/things%3f/open',
      '/api/v1/./things',
      '/api/v1/things\\open',
      `http://127.0.0.1:${String(port)}/api/v1/things`,
      'http://other/api/v1/things',
    ];
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'TRACE'])
      for (const path of paths) {
        const status = await rawStatus(port, method, path);
        expect([method, path, [400, 401, 404].includes(status) ? 'refused' : status]).toEqual([
          method,
          path,
          'refused',
        ]);
      }
  });
});

/** The status of a request whose path is sent as it is: fetch would tidy it up. */
function rawStatus(port: number, method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject).end();
  });
}

describe('the scan of routes', () => {
  test('ends the start and names each route without a declaration', async () => {
    const app = await appWith(ThingsController, HolesController);
    await expect(app.init()).rejects.toThrow(
      'Routes without @RequirePermission or @Public: HolesController.add, HolesController.list.',
    );
    await app.close();
  });

  test('is not all there is: the guard refuses such a route too', async () => {
    const app = await create({
      imports: [ConfigModule.with(config), DenialsModule],
      controllers: [HolesController],
      providers: [TokenVerifier, TokenIssuer, Access, { provide: APP_GUARD, useClass: AccessGuard }],
    });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    const request = { orgId: ORG, userId: 'alice', roles: ['admin'], ttlS: 60 } as const;
    const authorization = `Bearer ${await app.get(TokenIssuer).issue(request)}`;
    const url = '/api/v1/holes';
    expect((await app.inject({ url })).statusCode).toBe(401);
    expect((await app.inject({ url, headers: { authorization } })).statusCode).toBe(403);
    await app.close();
  });
});
