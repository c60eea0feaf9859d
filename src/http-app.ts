import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import { Readiness } from './health/readiness.service.js';
import { openApiDocument } from './openapi-document.js';
import type { Config } from './platform/config/config.js';
import { httpAdapter, prepareServer } from './platform/http/http-server.js';
import { ProblemFilter } from './platform/http/problem.filter.js';
import { RequestPipe } from './platform/http/request.pipe.js';
import { Log } from './platform/telemetry/log.js';

/** Makes the application, ready to listen. Rejects where a part of it cannot start. */
export async function createHttpApp(config: Config): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), httpAdapter(), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  const log = app.get(Log);
  app.useLogger(log);
  app.setGlobalPrefix('api/v1', { exclude: ['health/live', 'health/ready'] });
  app.useGlobalPipes(new RequestPipe());
  app.useGlobalFilters(new ProblemFilter(log));
  const readiness = app.get(Readiness);
  await prepareServer(app, () => readiness.isStopping);
  if (config.docs)
    SwaggerModule.setup('docs', app, () => openApiDocument(app), {
      jsonDocumentUrl: 'docs-json',
      yamlDocumentUrl: 'docs-yaml',
      customSiteTitle: 'Datawave Data Sources API',
      swaggerOptions: {
        deepLinking: true,
        persistAuthorization: true,
        displayRequestDuration: true,
        // A link must not make the page load somebody else's document.
        queryConfigEnabled: false,
        validatorUrl: null,
      },
    });
  return app;
}
