import type { CutShort, Peek } from '../../families/records/records-driver.js';
import { RecordSketch } from '../../families/records/record-sketch.js';
import type { Dataset, Field, Index, NormalizedType } from '../../spi/index.js';
import type { DynamoDbLine } from './dynamodb-line.js';

/** Tables that are described at one moment. */
const AT_ONCE = 8;
const NAMES_A_PAGE = 100;

type Json = Readonly<Record<string, unknown>>;

interface Described {
  readonly TableName: string;
  readonly TableStatus?: string;
  readonly ItemCount?: number;
  readonly TableSizeBytes?: number;
  readonly KeySchema?: readonly Key[];
  readonly AttributeDefinitions?: readonly {
    readonly AttributeName: string;
    readonly AttributeType: string;
  }[];
  readonly GlobalSecondaryIndexes?: readonly Secondary[];
  readonly LocalSecondaryIndexes?: readonly Secondary[];
  readonly BillingModeSummary?: { readonly BillingMode?: string };
  readonly StreamSpecification?: { readonly StreamEnabled?: boolean };
  readonly DeletionProtectionEnabled?: boolean;
}
interface Key {
  readonly AttributeName: string;
}
interface Secondary {
  readonly IndexName: string;
  readonly KeySchema?: readonly Key[];
}

/** One scope: the tables of the region. */
export function scopes(line: DynamoDbLine): Promise<readonly string[]> {
  return Promise.resolve([line.config.region]);
}

export async function* datasets(
  line: DynamoDbLine,
  scope: string,
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const until = Date.now() + peek.maxMs;
  let from: string | undefined;
  let listed = 0;
  do {
    const page = await line.ask(
      'ListTables',
      { Limit: NAMES_A_PAGE, ...(from === undefined ? {} : { ExclusiveStartTableName: from }) },
      peek.signal,
    );
    const names = ((page?.TableNames ?? []) as string[]).filter((name) => peek.wants(name));
    from = page?.LastEvaluatedTableName as string | undefined;
    for (let at = 0; at < names.length; at += AT_ONCE) {
      if (Date.now() > until || listed >= peek.maxListed)
        return { reason: `Only ${String(listed)} tables were looked at in the time that a run has.` };
      const some = names.slice(at, at + AT_ONCE);
      const found = await Promise.all(some.map((name) => datasetOf(line, scope, name, peek)));
      listed += some.length;
      // One that is gone since it was listed is none.
      for (const dataset of found) if (dataset) yield dataset;
    }
  } while (from !== undefined);
  return undefined;
}

async function datasetOf(
  line: DynamoDbLine,
  schema: string,
  name: string,
  { signal, sample }: Peek,
): Promise<Dataset | undefined> {
  const described = await line.ask('DescribeTable', { TableName: name }, signal);
  if (!described) return undefined;
  const table = described.Table as Described;
  const wanted = Math.min(sample, line.config.sample_items ?? sample);
  const scanned =
    wanted === 0 ? undefined : await line.ask('Scan', { TableName: name, Limit: wanted }, signal);
  const items = ((scanned?.Items ?? []) as Json[]).map(plainItem);
  const keys = (table.KeySchema ?? []).map(({ AttributeName }) => AttributeName);
  return {
    schema,
    name,
    kind: 'collection',
    fields: fieldsOf(table, keys, items),
    ...(keys.length === 0 ? {} : { primary_key: { name: 'primary', columns: keys } }),
    indexes: [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])].map(indexOf),
    ...(table.ItemCount === undefined ? {} : { row_estimate: table.ItemCount }),
    ...(table.TableSizeBytes === undefined ? {} : { size_bytes: table.TableSizeBytes }),
    properties: {
      status: table.TableStatus ?? 'UNKNOWN',
      billing_mode: table.BillingModeSummary?.BillingMode ?? 'PROVISIONED',
      stream: table.StreamSpecification?.StreamEnabled ?? false,
      deletion_protection: table.DeletionProtectionEnabled ?? false,
      sampled_items: items.length,
    },
  };
}

const KEY_TYPES: Readonly<Record<string, NormalizedType>> = { S: 'string', N: 'decimal', B: 'binary' };

/** Declared attributes first, those of the key in its order; then what the sample has beyond them. */
function fieldsOf(table: Described, keys: readonly string[], items: readonly Json[]): Field[] {
  const sketch = new RecordSketch();
  for (const item of items) sketch.add(item);
  const declared = new Map(
    (table.AttributeDefinitions ?? []).map(({ AttributeName: name, AttributeType: type }) => [name, type]),
  );
  const known = [...keys, ...[...declared.keys()].filter((name) => !keys.includes(name))];
  const fields: Omit<Field, 'ordinal'>[] = known.map((name) => ({
    name,
    native_type: declared.get(name) ?? 'S',
    type: KEY_TYPES[declared.get(name) ?? 'S'] ?? 'unknown',
    nullable: !keys.includes(name),
  }));
  fields.push(...sketch.fields().filter(({ name }) => !known.includes(name)));
  return fields.map((field, at) => ({ ...field, ordinal: at + 1 }));
}

function indexOf({ IndexName: name, KeySchema: keys = [] }: Secondary): Index {
  return { name, columns: keys.map(({ AttributeName }) => AttributeName), unique: false };
}

function plainItem(item: Json): Json {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value)]));
}

/** A value of DynamoDB's JSON, which is an object of its type and itself. Numbers come as text and stay exact in the source. */
function plainValue(value: unknown, depth = 0): unknown {
  const [type, inner] = Object.entries(value as Json)[0] ?? [];
  if (depth > 32) return undefined;
  switch (type) {
    case 'N':
      return Number(inner);
    case 'B':
      return new Uint8Array(0);
    case 'M':
      return Object.fromEntries(
        Object.entries(inner as Json).map(([name, part]) => [name, plainValue(part, depth + 1)]),
      );
    case 'L':
      return (inner as unknown[]).map((part) => plainValue(part, depth + 1));
    case 'NULL':
      return null;
    default:
      // S and BOOL are themselves; the sets SS, NS and BS are arrays.
      return inner;
  }
}
