import { secretFields, type ConnectorDefinition } from '../connectors/spi/index.js';
import type { Document, Example, Schema } from './schema.js';

type Examples = Readonly<Record<string, Example>>;

const ADD_SECRETS = 'Add the secrets of your source, such as `password`: examples never hold any.';

/**
 * Bodies that can be sent as they are, by operation. Without them Swagger UI makes up a body of every field there is,
 * which no operation takes.
 */
function requestExamples(connectors: readonly ConnectorDefinition[]): Readonly<Record<string, Examples>> {
  return {
    create_data_source: perType(connectors, (definition) => ({
      name: `My ${definition.title}`,
      connection: exampleConnection(definition),
      tags: ['example'],
    })),
    test_connection: perType(connectors, (definition) => ({ connection: exampleConnection(definition) })),
    test_data_source: {
      saved: { summary: 'As it is saved', value: {} },
      changed: {
        summary: 'With another setting, for this test alone',
        description: 'A change of where secrets are sent needs the secrets in the same request.',
        value: { connection: { tls: { mode: 'verify_full' } } },
      },
    },
    update_data_source: {
      describe: {
        summary: 'Describe it',
        value: {
          description: 'Orders of the web shop since 2019.',
          environment: 'production',
          tags: ['orders'],
        },
      },
      watch: { summary: 'Check it every 5 minutes', value: { health: { interval_s: 300 } } },
      discover: {
        summary: 'Discover one schema only, once a day',
        value: { discovery: { include: ['sales.*'], interval_s: 86_400 } },
      },
      clear: { summary: 'Remove a value', value: { owner_id: null } },
    },
    discover_data_source_schema: {
      incremental: { summary: 'What changed since the last run', value: { mode: 'incremental' } },
      full: { summary: 'Everything', value: { mode: 'full' } },
      selective: {
        summary: 'Only what the globs name',
        value: { mode: 'selective', include: ['sales.*'], exclude: ['*.tmp_*'] },
      },
    },
    pause_data_source: {
      open: { summary: 'Until somebody resumes it', value: { reason: 'The server moves to another room.' } },
    },
    start_data_source_maintenance: {
      upgrade: {
        summary: 'For an upgrade',
        value: { reason: 'Upgrade of the server', until: '2035-01-01T06:00:00Z' },
      },
    },
  };
}

/** Puts the examples at the bodies of their operations. */
export function addRequestExamples(document: Document, connectors: readonly ConnectorDefinition[]): void {
  const examples = requestExamples(connectors);
  for (const item of Object.values(document.paths))
    for (const { operationId, requestBody } of Object.values(item)) {
      const own = examples[operationId];
      if (own && requestBody) for (const media of Object.values(requestBody.content)) media.examples = own;
    }
}

/** One example for each type. Those that need no secrets come first, files before databases: they can be sent as they are. */
function perType(
  connectors: readonly ConnectorDefinition[],
  body: (definition: ConnectorDefinition) => unknown,
): Examples {
  // Secrets inside a block, such as of a store of files, are of no use to an example without that block.
  const needsSecret = ({ spec }: ConnectorDefinition): number =>
    Number(secretFields(spec).some((path) => !path.includes('.')));
  const isNoFile = ({ category }: ConnectorDefinition): number => Number(category !== 'file');
  return Object.fromEntries(
    [...connectors]
      .sort((a, b) => needsSecret(a) - needsSecret(b) || isNoFile(a) - isNoFile(b))
      .map((definition) => [
        definition.type,
        {
          summary: definition.title,
          ...(needsSecret(definition) ? { description: ADD_SECRETS } : {}),
          value: body(definition),
        },
      ]),
  );
}

/** The fields that a connection must have, from the examples in its spec, and never a secret. */
export function exampleConnection({ type, spec }: ConnectorDefinition): Record<string, unknown> {
  const { properties = {}, required = [] } = spec as unknown as Schema;
  const secrets = secretFields(spec);
  const connection: Record<string, unknown> = { type };
  for (const [name, field] of Object.entries(properties)) {
    const [example] = (field.examples ?? [field.default]) as readonly unknown[];
    const isShown = required.includes(name) || field.default !== undefined;
    if (name !== 'type' && isShown && example !== undefined && !secrets.includes(name))
      connection[name] = example;
  }
  return connection;
}
