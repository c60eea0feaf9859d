import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { ConnectorRegistry } from './connectors/connector-registry.js';
import type { Plugins } from './connectors/plugins/plugins.js';
import { Readiness } from './health/readiness.service.js';
import { serveDocs } from './openapi/docs-site.js';
import type { Config } from './platform/config/config.js';
import { httpAdapter, prepareServer } from './platform/http/http-server.js';
import { ProblemFilter } from './platform/http/problem.filter.js';
import { RequestPipe } from './platform/http/request.pipe.js';
import { RouteTable } from './platform/http/route-table.js';
import { UnexpectedInputGuard } from './platform/http/unexpected-input.guard.js';
import { Log } from './platform/telemetry/log.js';

/** Makes the application, ready to listen. Rejects where a part of it cannot start. */
export async function createHttpApp(config: Config, plugins?: Plugins): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(config, plugins),
    httpAdapter(),
    {
      bodyParser: false,
      bufferLogs: true,
      abortOnError: false,
    },
  );
  const log = app.get(Log);
  app.useLogger(log);
  prefixRoutes(app);
  app.useGlobalPipes(new RequestPipe());
  app.useGlobalGuards(new UnexpectedInputGuard());
  const routes = new RouteTable();
  app.useGlobalFilters(new ProblemFilter(log, routes));
  const readiness = app.get(Readiness);
  prepareServer(app, routes, () => readiness.isStopping);
  if (config.docs) serveDocs(app, app.get(ConnectorRegistry).list(), config.publicUrl);
  return app;
}

/** Puts the API under its prefix; what only the process's keepers ask stays at the root. */
export function prefixRoutes<T extends INestApplication>(app: T): T {
  app.setGlobalPrefix('api/v1', { exclude: ['health/live', 'health/ready'] });
  return app;
}
