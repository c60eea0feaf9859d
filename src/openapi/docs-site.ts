import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { ConnectorDefinition } from '../connectors/spi/index.js';
import { openApiDocument } from '../openapi-document.js';
import { problemsHtml } from '../docs/problem-pages.js';
import { version30 } from './version-3-0.js';

interface Reply {
  type(mediaType: string): Reply;
  send(body: string): unknown;
}

/** Serves Swagger UI at /docs, the document at /docs-json, -yaml and -json-3.0, and what the problem codes mean. */
export function serveDocs(
  app: NestFastifyApplication,
  connectors: readonly ConnectorDefinition[],
  publicUrl: string | undefined,
): void {
  let made: OpenAPIObject | undefined;
  // Made when somebody asks: a start must not wait for it.
  const document = (): OpenAPIObject => (made ??= openApiDocument(app, connectors, publicUrl));
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Datawave Data Sources API',
    swaggerOptions: {
      deepLinking: true,
      persistAuthorization: true,
      displayRequestDuration: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      // A link must not make the page load somebody else's document.
      queryConfigEnabled: false,
      validatorUrl: null,
    },
  });
  const server = app.getHttpAdapter().getInstance();
  server.get('/docs-json-3.0', (_request: unknown, reply: Reply) =>
    reply.type('application/json').send(JSON.stringify(version30(document()))),
  );
  server.get('/docs/problems', (_request: unknown, reply: Reply) =>
    reply.type('text/html; charset=utf-8').send(problemsHtml()),
  );
}
