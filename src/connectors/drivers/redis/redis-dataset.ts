import type { Redis } from 'ioredis';
import type { Dataset, Field } from '../../spi/index.js';
import type { KeyGroup } from '../../families/records/key-groups.js';
import { isRecord, RecordSketch } from '../../families/records/record-sketch.js';
import type { RedisLine, RedisNode } from './redis-line.js';

/** Values above this size are not looked into: one key must not cost the source, or us, more than that. */
const MAX_VALUE_BYTES = 65_536;
const MAX_TEXT_BYTES = 4_096;
const MAX_MEMBERS = 20;

/** A key, and the node that holds it. */
export interface SampledKey {
  readonly node: RedisNode;
  readonly key: Buffer;
}

/** What one sampled key tells of its group. */
interface KeyFacts {
  readonly type: string;
  readonly bytes: number | undefined;
  readonly expires: boolean;
  /** Records with field names and values, each value a text. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/**
 * A dataset of a group of keys: its type, the fields of its values, how much memory it takes; all from the sample. Undefined
 * where the nodes that hold the sample are gone: a group without its fields would look like one that lost them.
 */
export async function describeGroup(
  schema: string,
  group: KeyGroup<SampledKey>,
): Promise<Dataset | undefined> {
  const looks = group.sample.map(({ node, key }) => node.attempt((line) => lookInto(line, key)));
  const facts = (await Promise.all(looks)).filter((fact) => fact !== undefined);
  if (facts.length === 0 && group.sample.some(({ node }) => node.fault !== undefined)) return undefined;
  const types = [...new Set(facts.map(({ type }) => type))].sort();
  const sizes = facts.map(({ bytes }) => bytes).filter((bytes) => bytes !== undefined);
  const mean = sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length;
  return {
    schema,
    name: group.pattern,
    kind: 'key_group',
    fields: fieldsOf(types, facts),
    row_estimate: group.count,
    ...(sizes.length > 0 ? { size_bytes: Math.round(mean * group.count) } : {}),
    properties: {
      key_types: types,
      sampled_keys: facts.length,
      expiring_share: share(facts.filter(({ expires }) => expires).length, facts.length),
    },
  };
}

const share = (part: number, whole: number): number =>
  whole === 0 ? 0 : Math.round((part / whole) * 100) / 100;

async function lookInto(line: RedisLine, key: Buffer): Promise<KeyFacts | undefined> {
  const [type, ttl, bytes] = await Promise.all([
    line.ask((client) => client.type(key)),
    line.ask((client) => client.pttl(key)),
    line.ask((client) => client.memory('USAGE', key)),
  ]);
  // `none`: the key is gone since the scan.
  if (type === undefined || type === 'none') return undefined;
  const size = typeof bytes === 'number' ? bytes : undefined;
  const small = size === undefined || size <= MAX_VALUE_BYTES;
  const read = READERS[type];
  const records = small && read ? await line.ask((client) => read(client, key)) : undefined;
  return { type, bytes: size, expires: ttl !== undefined && ttl >= 0, records: records ?? [] };
}

type Reader = (client: Redis, key: Buffer) => Promise<KeyFacts['records']>;

const READERS: Readonly<Record<string, Reader>> = {
  string: async (client, key) => {
    const text = await client.getrange(key, 0, MAX_TEXT_BYTES - 1);
    return [{ value: text.length < MAX_TEXT_BYTES ? (parseJson(text) ?? text) : text }];
  },
  hash: async (client, key) => {
    // Where MEMORY is not allowed the number of fields is what keeps the reply small.
    if ((await client.hlen(key)) > 1_000) return [];
    return [await client.hgetall(key)];
  },
  list: async (client, key) => membersOf(await client.lrange(key, 0, MAX_MEMBERS - 1)),
  set: async (client, key) => membersOf((await client.sscan(key, 0, 'COUNT', MAX_MEMBERS))[1]),
  zset: async (client, key) => {
    const flat = await client.zrange(key, 0, MAX_MEMBERS - 1, 'WITHSCORES');
    return flat.flatMap((member, at) => (at % 2 === 0 ? [{ member, score: flat[at + 1] }] : []));
  },
  stream: async (client, key) => {
    const entries = await client.xrevrange(key, '+', '-', 'COUNT', 5);
    return entries.map(([id, flat]) => ({
      id,
      ...Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []))),
    }));
  },
};

const membersOf = (members: readonly string[]): KeyFacts['records'] =>
  members.slice(0, MAX_MEMBERS).map((member) => ({ member: parseJson(member) ?? member }));

/** The object or array of a JSON text; undefined for anything else. */
function parseJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) || isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function fieldsOf(types: readonly string[], facts: readonly KeyFacts[]): Field[] {
  const sketch = new RecordSketch();
  for (const { records } of facts) for (const record of records) sketch.add(record, true);
  // Redis itself knows no types of values: everything is a string to it.
  return sketch.fields(types.length === 1 ? `${types[0] ?? ''} value` : 'value');
}
