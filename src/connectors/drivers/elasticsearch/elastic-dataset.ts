import { isRecord } from '../../families/records/record-sketch.js';
import type { Dataset } from '../../spi/index.js';
import { fieldsOf } from './elastic-fields.js';

/** An index, or a stream with the indices behind it, oldest first. */
export interface Listed {
  readonly name: string;
  readonly backing?: readonly string[];
  readonly timestampField?: string;
}

export interface Counts {
  readonly health?: string;
  readonly status?: string;
  readonly docs?: number;
  readonly bytes?: number;
}

export interface StreamFacts {
  readonly generation?: number;
  readonly template?: string;
  readonly policy?: string;
}

/** By index, of what `_cat/indices` answers: every value is a text, and those of a closed index are missing. */
export function countsOf(rows: unknown): ReadonlyMap<string, Counts> {
  const found = new Map<string, Counts>();
  for (const row of Array.isArray(rows) ? (rows as unknown[]) : []) {
    if (!isRecord(row) || typeof row.index !== 'string') continue;
    found.set(row.index, {
      ...text('health', row.health),
      ...text('status', row.status),
      ...count('docs', row['docs.count']),
      ...count('bytes', row['store.size']),
    });
  }
  return found;
}

/** By stream, of what `_data_stream` answers. */
export function streamFactsOf(answer: unknown): ReadonlyMap<string, StreamFacts> {
  const list =
    isRecord(answer) && Array.isArray(answer.data_streams) ? (answer.data_streams as unknown[]) : [];
  const found = new Map<string, StreamFacts>();
  for (const stream of list)
    if (isRecord(stream) && typeof stream.name === 'string')
      found.set(stream.name, {
        ...count('generation', stream.generation),
        ...text('template', stream.template),
        ...text('policy', stream.ilm_policy),
      });
  return found;
}

interface Known {
  readonly counts: ReadonlyMap<string, Counts>;
  readonly stream: StreamFacts | undefined;
}

/** @param facts of the index, or of the one that a stream writes to: `aliases`, `mappings`, `settings`. */
export function datasetOf(one: Listed, facts: unknown, { counts, stream }: Known): Dataset {
  const { mappings, settings, aliases } = isRecord(facts) ? facts : {};
  const { backing = [one.name] } = one;
  const told = backing.flatMap((name) => counts.get(name) ?? []);
  const docs = sum(told.map((each) => each.docs));
  const bytes = sum(told.map((each) => each.bytes));
  return {
    schema: 'indices',
    name: one.name,
    kind: 'collection',
    fields: fieldsOf(mappings),
    ...(docs === undefined ? {} : { row_estimate: docs }),
    ...(bytes === undefined ? {} : { size_bytes: bytes }),
    properties: {
      index_kind: one.backing === undefined ? 'index' : 'data_stream',
      aliases: isRecord(aliases) ? Object.keys(aliases).sort() : [],
      ...settingsOf(settings),
      dynamic: dynamicOf(mappings),
      ...statusOf(told),
      ...(one.backing === undefined ? {} : streamProperties(one, one.backing, stream)),
    },
  };
}

/** Whether a document may bring fields that the mapping lacks: `true`, `false`, `strict` or `runtime`. */
function dynamicOf(mappings: unknown): string {
  const dynamic = isRecord(mappings) ? mappings.dynamic : undefined;
  return typeof dynamic === 'string' ? dynamic : String(dynamic !== false);
}

type Properties = NonNullable<Dataset['properties']>;

function settingsOf(settings: unknown): Properties {
  const { index } = isRecord(settings) ? settings : {};
  if (!isRecord(index)) return {};
  const created = Number(index.creation_date);
  return {
    ...count('shards', index.number_of_shards),
    ...count('replicas', index.number_of_replicas),
    ...(Number.isSafeInteger(created) ? { created_at: new Date(created).toISOString() } : {}),
  };
}

function statusOf(told: readonly Counts[]): Properties {
  const { status, health } = told.at(-1) ?? {};
  return { ...text('status', status), ...text('health', health) };
}

function streamProperties(one: Listed, backing: readonly string[], stream: StreamFacts = {}): Properties {
  return {
    backing_indices: backing.length,
    ...text('timestamp_field', one.timestampField),
    ...count('generation', stream.generation),
    ...text('template', stream.template),
    ...text('lifecycle_policy', stream.policy),
  };
}

/** Undefined where none is known. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

function text<K extends string>(name: K, value: unknown): Readonly<Partial<Record<K, string>>> {
  const told: Partial<Record<K, string>> = {};
  if (typeof value === 'string' && value !== '') told[name] = value.slice(0, 500);
  return told;
}

/** A number, or a text of one. */
function count<K extends string>(name: K, value: unknown): Readonly<Partial<Record<K, number>>> {
  const told: Partial<Record<K, number>> = {};
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) told[name] = number;
  return told;
}
