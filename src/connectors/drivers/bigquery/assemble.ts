import { buildDataset } from '../../families/sql/dataset.js';
import type { ConstraintFacts, RelationFacts } from '../../families/sql/sql-driver.js';
import type { Dataset, DatasetKind, Field, NormalizedType } from '../../spi/index.js';

/** What is asked for of a table; everything may be missing. Numbers of 64 bits are text. */
export interface TableAnswer {
  readonly type?: string;
  readonly description?: string;
  readonly location?: string;
  readonly numRows?: string;
  readonly numBytes?: string;
  readonly schema?: { readonly fields?: readonly ColumnAnswer[] };
  readonly view?: { readonly query?: string };
  readonly materializedView?: { readonly query?: string };
  readonly timePartitioning?: { readonly type?: string; readonly field?: string };
  readonly rangePartitioning?: {
    readonly field?: string;
    readonly range?: { readonly start?: string; readonly end?: string; readonly interval?: string };
  };
  readonly clustering?: { readonly fields?: readonly string[] };
  readonly externalDataConfiguration?: { readonly sourceFormat?: string };
  readonly tableConstraints?: {
    readonly primaryKey?: { readonly columns?: readonly string[] };
    readonly foreignKeys?: readonly ForeignKeyAnswer[];
  };
}

interface ColumnAnswer {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly description?: string;
  readonly defaultValueExpression?: string;
  readonly collation?: string;
  readonly maxLength?: string;
  readonly precision?: string;
  readonly scale?: string;
  readonly fields?: readonly ColumnAnswer[];
}

interface ForeignKeyAnswer {
  readonly name?: string;
  readonly referencedTable?: {
    readonly projectId?: string;
    readonly datasetId?: string;
    readonly tableId?: string;
  };
  readonly columnReferences?: readonly {
    readonly referencingColumn?: string;
    readonly referencedColumn?: string;
  }[];
}

/** The parts of a table that are read; the rest would be most of the bytes. */
export const TABLE_FIELDS =
  'type,description,location,numRows,numBytes,schema,view(query),materializedView(query),timePartitioning(type,field),rangePartitioning,clustering,externalDataConfiguration(sourceFormat),tableConstraints';

const KINDS: Readonly<Record<string, DatasetKind>> = {
  VIEW: 'view',
  MATERIALIZED_VIEW: 'materialized_view',
  EXTERNAL: 'foreign_table',
};

/** Both names of a type are in use: those of the first dialect are what the interface answers with. */
const TYPES: Readonly<Record<string, NormalizedType>> = {
  STRING: 'string',
  BYTES: 'binary',
  INTEGER: 'integer',
  INT64: 'integer',
  FLOAT: 'float',
  FLOAT64: 'float',
  NUMERIC: 'decimal',
  BIGNUMERIC: 'decimal',
  BOOLEAN: 'boolean',
  BOOL: 'boolean',
  TIMESTAMP: 'timestamp_tz',
  DATETIME: 'timestamp',
  DATE: 'date',
  TIME: 'time',
  INTERVAL: 'interval',
  GEOGRAPHY: 'geometry',
  JSON: 'json',
  RECORD: 'object',
  STRUCT: 'object',
};

export interface Place {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

export function datasetOf(place: Place, answer: TableAnswer): Dataset {
  const fields = (answer.schema?.fields ?? []).map(fieldOf);
  return buildDataset({
    relation: relationOf(place, answer),
    fields,
    constraints: constraintsOf(place, answer),
    indexes: [],
  });
}

function relationOf({ dataset, table }: Place, answer: TableAnswer): RelationFacts {
  const partitioning = partitioningOf(answer);
  const kind = KINDS[answer.type ?? ''] ?? (partitioning === undefined ? 'table' : 'partitioned_table');
  const properties = {
    ...(answer.location === undefined ? {} : { location: answer.location }),
    ...(answer.type === 'SNAPSHOT' || answer.type === 'CLONE' ? { copy: answer.type.toLowerCase() } : {}),
    ...(answer.clustering?.fields === undefined ? {} : { clustering: answer.clustering.fields }),
    ...(answer.externalDataConfiguration?.sourceFormat === undefined
      ? {}
      : { format: answer.externalDataConfiguration.sourceFormat }),
  };
  return {
    schema: dataset,
    name: table,
    kind,
    comment: answer.description,
    definition: answer.view?.query ?? answer.materializedView?.query,
    partitioning,
    rowEstimate: kind === 'view' ? undefined : count(answer.numRows),
    sizeBytes: kind === 'view' ? undefined : count(answer.numBytes),
    properties: Object.keys(properties).length > 0 ? properties : undefined,
  };
}

function partitioningOf({
  timePartitioning: time,
  rangePartitioning: range,
}: TableAnswer): string | undefined {
  if (time) return `${time.type ?? 'DAY'} (${time.field ?? '_PARTITIONTIME'})`;
  if (!range) return undefined;
  const { start = '', end = '', interval = '' } = range.range ?? {};
  return `RANGE (${range.field ?? ''}, ${start} to ${end} by ${interval})`;
}

function fieldOf(column: ColumnAnswer, at: number): Field {
  const { name = '', type = '', mode, description, defaultValueExpression: preset, collation } = column;
  const own = TYPES[type] ?? 'unknown';
  const digits = [column.precision, column.scale].filter((value) => value !== undefined);
  const sized = column.maxLength === undefined ? digits : [column.maxLength];
  const native = sized.length > 0 ? `${type}(${sized.join(', ')})` : type;
  const repeated = mode === 'REPEATED';
  const [length, precision, scale] = [column.maxLength, column.precision, column.scale].map(count);
  return {
    name,
    ordinal: at + 1,
    native_type: repeated ? `ARRAY<${native}>` : native,
    type: repeated ? 'array' : own,
    // An array is empty where it would be null.
    nullable: mode !== 'REQUIRED' && !repeated,
    ...(preset === undefined ? {} : { default: preset }),
    ...(description === undefined || description === '' ? {} : { comment: description }),
    ...(collation === undefined || collation === '' ? {} : { collation }),
    ...(length === undefined ? {} : { max_length: length }),
    ...(precision === undefined ? {} : { precision }),
    ...(scale === undefined ? {} : { scale }),
    ...(column.fields === undefined ? {} : { fields: column.fields.map(fieldOf) }),
  };
}

/** BigQuery checks none of them; they tell how the data is meant. */
function constraintsOf(
  { project, table }: Place,
  { tableConstraints: facts }: TableAnswer,
): ConstraintFacts[] {
  const { columns = [] } = facts?.primaryKey ?? {};
  const primary: ConstraintFacts[] =
    columns.length > 0 ? [{ kind: 'primary', name: `${table}.pk$`, columns }] : [];
  const foreign = (facts?.foreignKeys ?? []).map((key, at): ConstraintFacts => {
    const { projectId, datasetId = '', tableId = '' } = key.referencedTable ?? {};
    const pairs = key.columnReferences ?? [];
    return {
      kind: 'foreign',
      name: key.name ?? `${table}.fk$${String(at + 1)}`,
      columns: pairs.map(({ referencingColumn = '' }) => referencingColumn),
      references: {
        schema: projectId === undefined || projectId === project ? datasetId : `${projectId}.${datasetId}`,
        dataset: tableId,
        columns: pairs.map(({ referencedColumn = '' }) => referencedColumn),
      },
    };
  });
  return [...primary, ...foreign];
}

function count(value: string | undefined): number | undefined {
  const number = value === undefined ? NaN : Number(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
