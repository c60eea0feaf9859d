import { setTimeout as pause } from 'node:timers/promises';
import type { CutShort, Peek } from '../../families/records/records-driver.js';
import { toConnectorError, type Dataset } from '../../spi/index.js';
import { consumersByTopic, rowsByTopic } from './cluster-facts.js';
import type { KafkaLine } from './kafka-line.js';
import { messageFields } from './message-fields.js';
import { describeConfigs, metadata, type Topic } from './requests.js';
import type { RegisteredSchema, SchemaRegistry } from './schema-registry.js';

const SCOPE = 'topics';
/** Topics whose settings and schemas are asked for together. */
const BATCH = 200;
/** Settings that say what a topic is; of all others only those that differ from the broker's are told. */
const CLEANUP = 'cleanup.policy';
const RETENTION = 'retention.ms';

/** A cluster has one scope. Topics that the account may not describe are not told by the broker at all. */
export const scopes = (): Promise<string[]> => Promise.resolve([SCOPE]);

/** Every topic with its partitions, settings, consumers, an estimate of its messages, and the fields of its schemas. */
export async function* datasets(
  line: KafkaLine,
  scope: string,
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const { brokers, topics } = await line.first.ask(metadata('all'));
  const shown = topics.filter(
    ({ name, internal, error }) => error === 0 && !internal && !name.startsWith('__') && peek.wants(name),
  );
  shown.sort((a, b) => (a.name < b.name ? -1 : 1));
  const missing = new Set<string>();
  try {
    const facts = { line, brokers, missing, signal: peek.signal };
    const rows = await rowsByTopic(facts, shown);
    const consumers = await consumersByTopic(facts);
    const subjects = await subjectsOf(line.registry, missing, peek.signal);
    for (let from = 0; from < shown.length; from += BATCH) {
      const batch = shown.slice(from, from + BATCH);
      const settings = await settingsOf(line, batch, missing);
      const schemas = await schemasOf(line.registry, subjects, batch, peek.signal);
      for (const topic of batch)
        yield describe(scope, topic, {
          rows: rows.get(topic.name),
          consumers: consumers.get(topic.name) ?? [],
          settings: settings.get(topic.name) ?? [],
          schemas,
        });
      if (peek.pauseMs > 0) await pause(peek.pauseMs, undefined, { signal: peek.signal });
    }
  } finally {
    await line.leaveOthers();
  }
  return missing.size === 0 ? undefined : { reason: [...missing].slice(0, 5).join(' ') };
}

type Setting = readonly [name: string, value: string, own: boolean];

interface Facts {
  readonly rows: number | undefined;
  readonly consumers: readonly string[];
  readonly settings: readonly Setting[];
  readonly schemas: ReadonlyMap<string, RegisteredSchema>;
}

function describe(schema: string, { name, partitions }: Topic, facts: Facts): Dataset {
  const { rows, consumers, settings, schemas } = facts;
  const [key, value] = [schemas.get(`${name}-key`), schemas.get(`${name}-value`)];
  const setting = (wanted: string): string | undefined => settings.find(([found]) => found === wanted)?.[1];
  const [cleanup, retention] = [setting(CLEANUP), setting(RETENTION)];
  return {
    schema,
    name,
    kind: 'topic',
    fields: messageFields(key, value),
    ...(rows === undefined ? {} : { row_estimate: rows }),
    properties: {
      partitions: partitions.length,
      replication_factor: Math.max(0, ...partitions.map(({ replicas }) => replicas)),
      consumer_groups: [...consumers].sort(),
      ...(cleanup === undefined ? {} : { cleanup_policy: cleanup }),
      ...(retention === undefined ? {} : { retention_ms: Number(retention) }),
      settings: settings
        .filter(([, , own]) => own)
        .map(([found, text]) => `${found}=${text}`.slice(0, 500))
        .sort(),
      ...(key ? { key_schema: `${key.kind} ${String(key.version)}` } : {}),
      ...(value ? { value_schema: `${value.kind} ${String(value.version)}` } : {}),
    },
  };
}

async function settingsOf(
  line: KafkaLine,
  topics: readonly Topic[],
  missing: Set<string>,
): Promise<ReadonlyMap<string, readonly Setting[]>> {
  const names = topics.map(({ name }) => name);
  const found = await line.first.ask(describeConfigs(names));
  if (found.some(({ error }) => error !== 0)) missing.add('The settings of some topics may not be read.');
  return new Map(
    found.map(({ topic, entries }) => [
      topic,
      entries.map(({ name, value, own }) => [name, value, own] as const),
    ]),
  );
}

async function subjectsOf(
  registry: SchemaRegistry | undefined,
  missing: Set<string>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  try {
    return (await registry?.subjects(signal)) ?? new Set();
  } catch (error) {
    if (signal.aborted) throw error;
    missing.add(`The schema registry cannot be read: ${toConnectorError(error).message}`);
    return new Set();
  }
}

/** The newest schemas of the topics' subjects, a few at a time. */
async function schemasOf(
  registry: SchemaRegistry | undefined,
  subjects: ReadonlySet<string>,
  topics: readonly Topic[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RegisteredSchema>> {
  const found = new Map<string, RegisteredSchema>();
  if (!registry) return found;
  const waiting = topics
    .flatMap(({ name }) => [`${name}-key`, `${name}-value`])
    .filter((subject) => subjects.has(subject));
  const read = async (): Promise<void> => {
    for (let subject = waiting.pop(); subject !== undefined; subject = waiting.pop()) {
      const schema = await registry.latest(subject, signal);
      if (schema) found.set(subject, schema);
    }
  };
  await Promise.all([read(), read(), read(), read()]);
  return found;
}
