import type { DatasetParts, RelationFacts } from '../../families/sql/sql-driver.js';
import { splitList } from '../../families/sql/type-text.js';
import type { DatasetKind, Field, Index } from '../../spi/index.js';
import type { Row } from './line.js';
import { typeFacts } from './types.js';

/** Rows of one page of tables, by the table that they belong to; see queries.ts for their columns. */
export interface PageFacts {
  readonly database: string;
  readonly columns: ReadonlyMap<string, readonly Row[]>;
  readonly indexes: ReadonlyMap<string, readonly Row[]>;
  readonly sizes: ReadonlyMap<string, readonly Row[]>;
}

const VIEWS: Readonly<Record<string, DatasetKind>> = {
  View: 'view',
  LiveView: 'view',
  MaterializedView: 'materialized_view',
  WindowView: 'materialized_view',
};

/** Engines whose rows are elsewhere. */
const ELSEWHERE =
  /^(MySQL|MaterializedMySQL|PostgreSQL|MaterializedPostgreSQL|MongoDB|SQLite|Redis|ODBC|JDBC|S3|S3Queue|AzureBlobStorage|AzureQueue|GCS|HDFS|URL|File|Hive|Iceberg\w*|DeltaLake|Hudi|Kafka|RabbitMQ|NATS|ExternalDistributed)$/;

/** Functions of a FROM that take a login: older servers show it in the text of a view. */
const WITH_LOGIN =
  /\b(mysql|postgresql|mongodb|redis|remote|remoteSecure|s3|s3Cluster|gcs|azureBlobStorage|hdfs|url|jdbc|odbc|deltaLake|iceberg|hudi)\s*\(/i;

/** All that was found about one table; undefined for one that is gone since its name was read. */
export function partsOf(facts: PageFacts, table: Row): DatasetParts | undefined {
  const name = String(table[0]);
  const fields = (facts.columns.get(name) ?? []).map(fieldOf);
  if (fields.length === 0) return undefined;
  const relation = relationOf(facts, table);
  return { relation, fields, constraints: [], indexes: indexesOf(facts, table) };
}

function relationOf(facts: PageFacts, table: Row): RelationFacts {
  const [name, engine, partitionKey, sortingKey, primaryKey, samplingKey, comment, rows, bytes, create] =
    table;
  const [, partRows, partBytes] = facts.sizes.get(String(name))?.[0] ?? [];
  const kind = VIEWS[String(engine)] ?? (ELSEWHERE.test(String(engine)) ? 'foreign_table' : 'table');
  const properties = {
    engine: String(engine),
    ...(filled(sortingKey) ? { sorting_key: String(sortingKey) } : {}),
    ...(filled(primaryKey) ? { primary_key: String(primaryKey) } : {}),
    ...(filled(samplingKey) ? { sampling_key: String(samplingKey) } : {}),
  };
  return {
    schema: facts.database,
    name: String(name),
    kind,
    comment: filled(comment),
    partitioning: filled(partitionKey),
    definition: definitionOf(create),
    rowEstimate: count(rows ?? partRows),
    sizeBytes: count(bytes ?? partBytes),
    properties,
  };
}

/** The query of a view, without the columns and the engine before it. */
function definitionOf(create: unknown): string | undefined {
  const text = filled(create);
  if (text === undefined || WITH_LOGIN.test(text)) return undefined;
  return /\sAS\s+((?:SELECT\b|WITH\b|\().*)$/is.exec(text)?.[1]?.trim();
}

function fieldOf(row: Row, at: number): Field {
  const [, name, type, kind, expression, comment] = row;
  const text = filled(expression);
  const computed = kind === 'MATERIALIZED' || kind === 'ALIAS';
  return {
    name: String(name),
    ordinal: at + 1,
    native_type: String(type),
    ...typeFacts(String(type)),
    ...(text === undefined ? {} : computed ? { generated: text } : { default: text }),
    ...(filled(comment) === undefined ? {} : { comment: String(comment) }),
  };
}

/** The primary key is an index, and not unique: it says how rows are found, not which ones there may be. */
function indexesOf(facts: PageFacts, table: Row): Index[] {
  const primary = filled(table[4]);
  const skipping = (facts.indexes.get(String(table[0])) ?? []).map(([, name, method, expression]) => ({
    name: String(name),
    columns: splitList(String(expression)),
    unique: false,
    method: String(method),
  }));
  if (primary === undefined) return skipping;
  const columns = splitList(primary.replace(/^\((.*)\)$/s, '$1'));
  return [{ name: 'PRIMARY KEY', columns, unique: false, method: 'sparse' }, ...skipping];
}

function filled(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function count(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}
