import { buildDataset } from '../../families/sql/dataset.js';
import type { ConstraintFacts } from '../../families/sql/sql-driver.js';
import type { Dataset, DatasetKind, Field } from '../../spi/index.js';
import { typeFacts } from './types.js';

/** What is read of a table in a list; everything may be missing. */
export interface TableAnswer {
  readonly name?: string;
  readonly full_name?: string;
  readonly table_type?: string;
  readonly data_source_format?: string;
  readonly storage_location?: string;
  readonly view_definition?: string;
  readonly comment?: string;
  readonly columns?: readonly ColumnAnswer[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

interface ColumnAnswer {
  readonly name?: string;
  readonly type_text?: string;
  readonly type_json?: string;
  readonly position?: number;
  readonly comment?: string;
  readonly nullable?: boolean;
  readonly partition_index?: number;
}

/** The answer for one table alone has these beside. */
export interface ConstraintsAnswer {
  readonly table_constraints?: readonly {
    readonly primary_key_constraint?: { readonly name?: string; readonly child_columns?: readonly string[] };
    readonly foreign_key_constraint?: {
      readonly name?: string;
      readonly child_columns?: readonly string[];
      readonly parent_table?: string;
      readonly parent_columns?: readonly string[];
    };
  }[];
}

const KINDS: Readonly<Record<string, DatasetKind>> = {
  VIEW: 'view',
  METRIC_VIEW: 'view',
  MATERIALIZED_VIEW: 'materialized_view',
  FOREIGN: 'foreign_table',
};

export function kindOf({ table_type: type = '', columns = [] }: TableAnswer): DatasetKind {
  const split = columns.some(({ partition_index: index }) => typeof index === 'number');
  return KINDS[type] ?? (split ? 'partitioned_table' : 'table');
}

/** @param only the catalog where it is not a part of the scope's name. */
export function datasetOf(
  scope: string,
  table: TableAnswer,
  facts: ConstraintsAnswer,
  only: string | undefined,
): Dataset {
  const columns = [...(table.columns ?? [])].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  const kind = kindOf(table);
  const properties = {
    ...(table.table_type === undefined ? {} : { table_type: table.table_type }),
    ...(table.data_source_format === undefined ? {} : { format: table.data_source_format }),
    ...(table.storage_location === undefined || table.storage_location === ''
      ? {}
      : { location: table.storage_location }),
  };
  return buildDataset({
    relation: {
      schema: scope,
      name: table.name ?? '',
      kind,
      comment: table.comment === '' ? undefined : table.comment,
      definition: table.view_definition,
      partitioning: partitioningOf(columns),
      rowEstimate: count(table.properties?.['spark.sql.statistics.numRows']),
      sizeBytes: count(table.properties?.['spark.sql.statistics.totalSize']),
      properties: Object.keys(properties).length > 0 ? properties : undefined,
    },
    fields: columns.map(fieldOf),
    constraints: constraintsOf(facts, only),
    indexes: [],
  });
}

function partitioningOf(columns: readonly ColumnAnswer[]): string | undefined {
  const parts = columns
    .filter(({ partition_index: index }) => typeof index === 'number')
    .sort((a, b) => (a.partition_index ?? 0) - (b.partition_index ?? 0));
  return parts.length === 0 ? undefined : `(${parts.map(({ name = '' }) => name).join(', ')})`;
}

function fieldOf(column: ColumnAnswer, at: number): Field {
  const { name = '', type_text: type = 'unknown', comment, nullable } = column;
  return {
    name,
    ordinal: at + 1,
    native_type: type,
    ...typeFacts(type),
    nullable: nullable !== false,
    ...(comment === undefined || comment === '' ? {} : { comment }),
    ...deltaFacts(column.type_json),
  };
}

/** Delta keeps defaults, generated columns and identities beside the type. */
function deltaFacts(json: string | undefined): Pick<Field, 'default' | 'generated' | 'identity'> {
  let facts: Readonly<Record<string, unknown>> = {};
  try {
    const parsed = JSON.parse(json ?? '{}') as {
      readonly metadata?: Readonly<Record<string, unknown>>;
    } | null;
    facts = parsed?.metadata ?? {};
  } catch {
    return {};
  }
  const preset = facts.CURRENT_DEFAULT;
  const generated = facts['delta.generationExpression'];
  const explicit = facts['delta.identity.allowExplicitInsert'];
  return {
    ...(typeof preset === 'string' ? { default: preset } : {}),
    ...(typeof generated === 'string' ? { generated } : {}),
    ...(typeof explicit === 'boolean'
      ? { identity: explicit ? ('by_default' as const) : ('always' as const) }
      : {}),
  };
}

function constraintsOf(
  { table_constraints: found = [] }: ConstraintsAnswer,
  only: string | undefined,
): ConstraintFacts[] {
  return found.flatMap(
    ({ primary_key_constraint: primary, foreign_key_constraint: foreign }): ConstraintFacts[] => {
      if (primary)
        return [
          { kind: 'primary', name: primary.name ?? 'PRIMARY KEY', columns: primary.child_columns ?? [] },
        ];
      if (!foreign) return [];
      const [catalog = '', schema = '', ...table] = (foreign.parent_table ?? '').split('.');
      return [
        {
          kind: 'foreign',
          name: foreign.name ?? 'FOREIGN KEY',
          columns: foreign.child_columns ?? [],
          references: {
            schema: catalog === only ? schema : `${catalog}.${schema}`,
            dataset: table.join('.'),
            columns: foreign.parent_columns ?? [],
          },
        },
      ];
    },
  );
}

function count(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : NaN;
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
