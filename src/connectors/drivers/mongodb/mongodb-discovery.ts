import type { CutShort, Peek } from '../../families/records/records-driver.js';
import { RecordSketch, isRecord } from '../../families/records/record-sketch.js';
import { AppError } from '../../../common/app-error.js';
import type { Dataset, Field, Index } from '../../spi/index.js';
import { describeBson, DECLARED } from './bson-types.js';
import type { MongoDbLine } from './mongodb-line.js';
import type { Document } from './wire.js';

/** Databases of the server itself. */
const HIDDEN = new Set(['admin', 'local', 'config']);
/** Collections that are looked at at one moment, over the one connection. */
const AT_ONCE = 8;
/** Collections whose faults are told by name. */
const MAX_TOLD = 5;

export async function scopes(line: MongoDbLine): Promise<readonly string[]> {
  const { database } = line.config;
  if (database !== undefined) {
    // A test asks for the scopes alone: this proves that the account may list.
    await line.run(database, {
      listCollections: 1,
      nameOnly: true,
      authorizedCollections: true,
      cursor: { batchSize: 1 },
    });
    return [database];
  }
  const { databases } = await line.run('admin', {
    listDatabases: 1,
    nameOnly: true,
    authorizedDatabases: true,
  });
  const names = (databases as readonly Document[]).map(({ name }) => String(name));
  return names.filter((name) => !HIDDEN.has(name)).sort();
}

export async function* datasets(
  line: MongoDbLine,
  scope: string,
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const until = Date.now() + peek.maxMs;
  const failed: string[] = [];
  let looked = 0;
  let bytes = 0;
  const list = { listCollections: 1, cursor: { batchSize: peek.batch } };
  for await (const batch of line.cursor(scope, list)) {
    const names = batch.map((info) => ({ info, name: String(info.name) }));
    const found = names
      .filter(({ name }) => !name.startsWith('system.') && peek.wants(name))
      .map(({ info }) => info);
    for (let at = 0; at < found.length; at += AT_ONCE) {
      if (Date.now() > until || looked >= peek.maxListed || bytes > peek.maxBytes)
        return { reason: `Only ${String(looked)} collections were looked at within the bounds of a run.` };
      const some = found.slice(at, at + AT_ONCE);
      const looks = await Promise.all(
        some.map((info) =>
          look(line, scope, info, peek).catch((error: unknown) => {
            failed.push(`${String(info.name)}: ${faultOfOne(line, error).message}`);
          }),
        ),
      );
      for (const seen of looks) {
        if (!seen) continue;
        bytes += seen.read;
        yield seen.dataset;
      }
      looked += some.length;
    }
  }
  if (failed.length === 0) return undefined;
  const more = failed.length > MAX_TOLD ? ', and others' : '';
  return {
    reason: `${String(failed.length)} collections could not be read: ${failed.slice(0, MAX_TOLD).join('; ')}${more}.`,
  };
}

/** The fault of one collection, which the others need not share. @throws what is a fault of the line, or of nobody yet. */
function faultOfOne(line: MongoDbLine, error: unknown): AppError {
  const ownFaults: readonly string[] = ['QUERY_FAILED', 'PERMISSION_DENIED', 'TIMEOUT', 'UNREACHABLE'];
  // Where the line lives and something is UNREACHABLE, it is a shard behind a router.
  if (!(error instanceof AppError) || !line.usable || !ownFaults.includes(error.code)) throw error;
  return error;
}

async function look(line: MongoDbLine, schema: string, info: Document, { sample }: Peek) {
  const name = String(info.name);
  const isView = info.type === 'view';
  const options = (info.options ?? {}) as Document;
  const [documents, indexes, stats] = await Promise.all([
    sampleOf(line, schema, name, sample),
    isView ? [] : indexesOf(line, schema, name),
    isView ? undefined : statsOf(line, schema, name),
  ]);
  const sketch = new RecordSketch(describeBson);
  for (const document of documents) sketch.add(document);
  const validator = (options.validator as Document | undefined)?.$jsonSchema as Document | undefined;
  const count = numberOf(stats?.count);
  const size = numberOf(stats?.size);
  const dataset: Dataset = {
    schema,
    name,
    kind: isView ? 'view' : 'collection',
    fields: fieldsOf(validator, sketch.fields()),
    ...(isView ? {} : { primary_key: { name: '_id_', columns: ['_id'] }, indexes }),
    ...(isView ? { definition: JSON.stringify(options.pipeline ?? []).slice(0, 100_000) } : {}),
    ...(count === undefined ? {} : { row_estimate: count }),
    ...(size === undefined ? {} : { size_bytes: size }),
    properties: {
      sampled_documents: documents.length,
      ...(isView ? { view_on: String(options.viewOn) } : {}),
      ...(info.type === 'timeseries' ? { time_series: true } : {}),
      ...(options.capped === true ? { capped: true } : {}),
      ...(validator ? { validated: true } : {}),
    },
  };
  return { dataset: withId(dataset, isView), read: documents.length * 1_024 };
}

/** A collection has an `_id` whatever the sample shows, also where it is empty. */
function withId(dataset: Dataset, isView: boolean): Dataset {
  if (isView || dataset.fields.some(({ name }) => name === '_id')) return dataset;
  const id = {
    name: '_id',
    native_type: 'objectId',
    type: 'string' as const,
    nullable: false,
    inferred: true,
  };
  return { ...dataset, fields: [id, ...dataset.fields].map((field, at) => ({ ...field, ordinal: at + 1 })) };
}

/** Documents at random where the server can, else the first ones. */
async function sampleOf(
  line: MongoDbLine,
  database: string,
  name: string,
  size: number,
): Promise<Document[]> {
  const found: Document[] = [];
  const take = async (command: Document): Promise<void> => {
    for await (const batch of line.cursor(database, command)) {
      found.push(...batch);
      if (found.length >= size) return;
    }
  };
  try {
    await take({ aggregate: name, pipeline: [{ $sample: { size } }], cursor: { batchSize: size } });
  } catch (error) {
    if (!(error instanceof AppError) || !['QUERY_FAILED', 'TIMEOUT'].includes(error.code) || !line.usable)
      throw error;
    found.length = 0;
    await take({ find: name, limit: size, batchSize: size });
  }
  return found.slice(0, size);
}

async function indexesOf(line: MongoDbLine, database: string, name: string): Promise<Index[]> {
  const indexes: Index[] = [];
  for await (const batch of line.cursor(database, { listIndexes: name, cursor: { batchSize: 200 } }))
    for (const index of batch) {
      const key = index.key as Document;
      const kinds = Object.values(key).filter((kind) => typeof kind === 'string');
      const partial = index.partialFilterExpression;
      indexes.push({
        name: String(index.name),
        columns: Object.keys(key),
        unique: index.unique === true || index.name === '_id_',
        ...(index.name === '_id_' ? { primary: true } : {}),
        ...(kinds[0] === undefined ? {} : { method: kinds[0] }),
        ...(partial === undefined ? {} : { predicate: JSON.stringify(partial) }),
      });
    }
  return indexes;
}

/** The server's own count and size; the right to them is not everybody's. */
async function statsOf(line: MongoDbLine, database: string, name: string): Promise<Document | undefined> {
  try {
    return await line.run(database, { collStats: name });
  } catch (error) {
    if (
      error instanceof AppError &&
      ['PERMISSION_DENIED', 'QUERY_FAILED', 'DATABASE_NOT_FOUND'].includes(error.code)
    )
      return undefined;
    throw error;
  }
}

/** What the validator declares, and then what the sample has beyond it. */
function fieldsOf(validator: Document | undefined, inferred: readonly Field[]): Field[] {
  const declared = validator ? declaredFields(validator) : [];
  const names = new Set(declared.map(({ name }) => name));
  return [...declared, ...inferred.filter(({ name }) => !names.has(name))].map((field, at) => ({
    ...field,
    ordinal: at + 1,
  }));
}

function declaredFields({ properties, required }: Document, depth = 0): Field[] {
  if (!isRecord(properties) || depth > 8) return [];
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, value], at) => {
    const rule = isRecord(value) ? value : {};
    const [native = 'any'] = [rule.bsonType ?? rule.type].flat().filter((type) => typeof type === 'string');
    const nested = declaredFields(rule, depth + 1);
    return {
      name,
      ordinal: at + 1,
      native_type: native,
      type: DECLARED[native] ?? 'unknown',
      nullable: !needed.includes(name),
      ...(typeof rule.description === 'string' ? { comment: rule.description } : {}),
      ...(Array.isArray(rule.enum) ? { values: rule.enum.map(String) } : {}),
      ...(nested.length > 0 ? { fields: nested } : {}),
    };
  });
}

function numberOf(value: unknown): number | undefined {
  const number = value === undefined ? Number.NaN : Math.round(Number(value));
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
