import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDetails } from './common/problem.js';
import type { ConnectorDefinition } from './connectors/spi/index.js';
import { CacheView } from './data-sources/dto/metrics.dto.js';
import { CapabilityView } from './data-sources/dto/views.dto.js';
import { HealthFiguresView } from './health/health.dto.js';
import { connectionSchemas } from './openapi/connection-schemas.js';
import { completeOperations } from './openapi/operations.js';
import { plainSchemas } from './openapi/plain-schemas.js';
import { addRequestExamples } from './openapi/request-examples.js';
import { componentRef, type Document, type Schemas } from './openapi/schema.js';
import { DiscoveryFiguresView } from './schema-discovery/dto/figures.view.js';

const DESCRIPTION = `Registers an organization's data sources, keeps their credentials, proves that they can be reached, \
discovers what is in them and watches their health.

**First steps:** authorize with a token (\`npm run token\`), create a data source, wait until its \`status\` is \`active\`, \
discover its schema and read it.

Every answer that is not a success is an RFC 9457 problem whose \`code\` is [explained here](/docs/problems).`;

/** Sections of GET /metrics that modules above data-sources add to it. */
const METRICS_SECTIONS = { checks: HealthFiguresView, discovery: DiscoveryFiguresView };

/** Tags in the order in which they are shown. */
const TAGS: readonly (readonly [string, string])[] = [
  ['data-sources', 'Register, test, change, pause and delete data sources'],
  ['schema-discovery', 'Find out what is in them, and what changed'],
  ['health', 'How well they serve'],
  ['audit', 'Who did what'],
  ['egress', 'Where the data sources of an organization may be'],
  ['keys', 'The keys that encrypt the secrets of an organization'],
  ['files', 'Downloads by signed URLs'],
  ['probes', 'For whoever runs the process'],
];

/**
 * The OpenAPI 3.1 document of the API, whole and in an order that stays the same. The connection unions come from the
 * specs of the connectors; `app` needs its routes, not a database: see openapi/offline-app.ts.
 *
 * @param connectors the types of sources that it describes.
 * @param publicUrl where clients reach the API, where that is known; it stands before the server that serves the document.
 */
export function openApiDocument(
  app: INestApplication,
  connectors: readonly ConnectorDefinition[],
  publicUrl?: string,
): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Datawave Data Sources API')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
  if (publicUrl !== undefined) builder.addServer(publicUrl, 'Public address');
  builder.addServer('/', 'This server');
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const made = SwaggerModule.createDocument(app, builder.build(), {
    extraModels: [ProblemDetails, CapabilityView, CacheView, ...Object.values(METRICS_SECTIONS)],
    operationIdFactory: (_controller, method) => method,
  });
  const document = made as unknown as Document;
  Object.assign(document.components.schemas, connectionSchemas(connectors), {
    AnyJson: { description: 'Any JSON value.' },
  });
  addMetricsSections(document);
  addRequestExamples(document, connectors);
  completeOperations(document);
  plainSchemas(document);
  inReadingOrder(document);
  return made;
}

function addMetricsSections({ components: { schemas } }: Document): void {
  const { SourceMetricsView: view } = schemas;
  if (!view) throw new Error('The schema of GET /metrics has another name now.');
  const sections = Object.entries(METRICS_SECTIONS).map(([name, { name: component }]) => [
    name,
    componentRef(component),
  ]);
  schemas.SourceMetricsView = {
    ...view,
    properties: { ...view.properties, ...(Object.fromEntries(sections) as Schemas) },
    required: [...(view.required ?? []), ...Object.keys(METRICS_SECTIONS)],
  };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Operations by tag, then by path with the collection before the members, then by method. */
function inReadingOrder(document: Document): void {
  const tags = TAGS.map(([name]) => name);
  const rank = (path: string): number =>
    Math.min(
      ...Object.values(document.paths[path] ?? {}).map(({ tags: [tag = ''] = [] }) => tags.indexOf(tag)),
    );
  const paths = Object.keys(document.paths).sort(
    (a, b) => rank(a) - rank(b) || (sortable(a) < sortable(b) ? -1 : 1),
  );
  for (const path of paths) {
    const item = Object.entries(document.paths[path] ?? {});
    Reflect.deleteProperty(document.paths, path);
    document.paths[path] = Object.fromEntries(
      item.sort(([a], [b]) => METHODS.indexOf(a) - METHODS.indexOf(b)),
    );
  }
}

/** `{` sorts behind letters: a member would come after the actions on the collection. */
function sortable(path: string): string {
  return path.replaceAll('{', ' ');
}
