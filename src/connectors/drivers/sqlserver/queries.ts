import type { NameFilter } from '../../families/sql/name-filter.js';
import type { Flavor } from './flavor.js';
import type { Statement } from './line.js';

/** One schema, the objects of a range of ids in it, or those that the filter leaves of either. */
export interface Where {
  readonly schema: string;
  readonly names: NameFilter;
  readonly from: number;
  readonly to: number;
}

/**
 * Fixed databases have these schemas each, and those of the fixed roles have ids from 16384 on. Text is compared by its
 * bytes, whatever the database does.
 */
const USER_SCHEMA = "s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest') AND s.schema_id < 16384";
const BYTES = 'COLLATE Latin1_General_100_BIN2';
const FULL_NAME = `CONCAT(s.name, N'.', o.name) ${BYTES}`;
/** Tables, views, sequences, external tables. */
const KINDS = "o.type IN ('U', 'V', 'SO', 'ET') AND o.is_ms_shipped = 0";

/** In T-SQL an opening bracket begins a set of characters too. */
const pattern = (like: string): string => like.replaceAll('[', '\\[');

function nameCondition({ include, exclude }: NameFilter): {
  sql: string;
  values: Record<string, string>;
} {
  const values: Record<string, string> = {};
  const like = (patterns: readonly string[], letter: string): string =>
    patterns
      .map((text, at) => {
        values[`${letter}${String(at)}`] = pattern(text);
        return `${FULL_NAME} LIKE @${letter}${String(at)} ESCAPE N'\\'`;
      })
      .join(' OR ');
  const sql =
    (include.length > 0 ? ` AND (${like(include, 'i')})` : '') +
    (exclude.length > 0 ? ` AND NOT (${like(exclude, 'x')})` : '');
  return { sql, values };
}

/** Schemas with how many objects the filter leaves in them. */
export function scopes(names: NameFilter): Statement {
  const { sql, values } = nameCondition(names);
  return {
    sql: `/* scopes */ SELECT s.name, COUNT(o.object_id) FROM sys.schemas s LEFT JOIN sys.objects o ON o.schema_id = s.schema_id AND ${KINDS}${sql} WHERE ${USER_SCHEMA} GROUP BY s.name ORDER BY s.name`,
    values,
  };
}

/** The objects of a schema in the order of their ids. */
export function heads({ schema, names }: Pick<Where, 'schema' | 'names'>): Statement {
  const { sql, values } = nameCondition(names);
  return {
    sql: `/* heads */ SELECT o.object_id, o.name, RTRIM(o.type) FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE s.name ${BYTES} = @schema AND ${KINDS}${sql} ORDER BY o.object_id`,
    values: { schema, ...values },
  };
}

/** What is read of a range of objects; the first column of each row is the id of the object. */
interface Fact {
  readonly select: string;
  /** Joined to the objects, which are `o` in the schemas `s`. */
  readonly from: string;
  readonly more?: string;
  readonly group?: string;
  readonly kinds: readonly Flavor['kind'][];
}

const DATABASE = ['database'] as const;
const STORED = ['database', 'dedicated'] as const;
const ALL = ['database', 'dedicated', 'serverless'] as const;

export const FACTS = {
  columns: {
    select:
      'c.object_id, c.column_id, c.name, y.name, b.name, CASE WHEN y.is_user_defined = 1 THEN SCHEMA_NAME(y.schema_id) END, c.max_length, c.precision, c.scale, c.collation_name, c.is_nullable, c.is_identity, k.definition, d.definition',
    from: 'JOIN sys.columns c ON c.object_id = o.object_id JOIN sys.types y ON y.user_type_id = c.user_type_id LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id AND b.system_type_id = c.system_type_id LEFT JOIN sys.computed_columns k ON k.object_id = c.object_id AND k.column_id = c.column_id LEFT JOIN sys.default_constraints d ON d.object_id = c.default_object_id',
    kinds: ALL,
  },
  comments: {
    select: 'p.major_id, p.minor_id, CONVERT(nvarchar(4000), p.value)',
    from: 'JOIN sys.extended_properties p ON p.major_id = o.object_id',
    more: "p.class = 1 AND p.name = N'MS_Description'",
    kinds: DATABASE,
  },
  indexes: {
    select:
      'i.object_id, i.index_id, i.name, i.type_desc, i.is_unique, i.is_primary_key, i.is_unique_constraint, i.filter_definition, ic.key_ordinal, ic.index_column_id, ic.is_included_column, c.name',
    from: 'JOIN sys.indexes i ON i.object_id = o.object_id JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id',
    more: 'i.type > 0 AND i.is_hypothetical = 0',
    kinds: STORED,
  },
  references: {
    select:
      'f.parent_object_id, f.name, fc.constraint_column_id, c.name, rs.name, ro.name, rc.name, f.update_referential_action_desc, f.delete_referential_action_desc',
    from: 'JOIN sys.foreign_keys f ON f.parent_object_id = o.object_id JOIN sys.foreign_key_columns fc ON fc.constraint_object_id = f.object_id JOIN sys.columns c ON c.object_id = fc.parent_object_id AND c.column_id = fc.parent_column_id JOIN sys.objects ro ON ro.object_id = f.referenced_object_id JOIN sys.schemas rs ON rs.schema_id = ro.schema_id JOIN sys.columns rc ON rc.object_id = fc.referenced_object_id AND rc.column_id = fc.referenced_column_id',
    kinds: DATABASE,
  },
  checks: {
    select: 'k.parent_object_id, k.name, k.definition',
    from: 'JOIN sys.check_constraints k ON k.parent_object_id = o.object_id',
    kinds: DATABASE,
  },
  definitions: {
    select: 'o.object_id, m.definition',
    from: 'LEFT JOIN sys.sql_modules m ON m.object_id = o.object_id',
    more: "o.type = 'V'",
    kinds: ALL,
  },
  rows: {
    select: 'p.object_id, CONVERT(nvarchar(20), SUM(p.rows))',
    from: 'JOIN sys.partitions p ON p.object_id = o.object_id',
    more: 'p.index_id IN (0, 1)',
    group: 'p.object_id',
    kinds: DATABASE,
  },
  sizes: {
    select: 'p.object_id, CONVERT(nvarchar(20), SUM(a.total_pages) * 8192)',
    from: 'JOIN sys.partitions p ON p.object_id = o.object_id JOIN sys.allocation_units a ON (a.type IN (1, 3) AND a.container_id = p.hobt_id) OR (a.type = 2 AND a.container_id = p.partition_id)',
    group: 'p.object_id',
    kinds: DATABASE,
  },
  partitions: {
    select: 'i.object_id, pf.boundary_value_on_right, c.name, pf.fanout',
    from: 'JOIN sys.indexes i ON i.object_id = o.object_id JOIN sys.partition_schemes ps ON ps.data_space_id = i.data_space_id JOIN sys.partition_functions pf ON pf.function_id = ps.function_id JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id AND ic.partition_ordinal = 1 JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id',
    more: 'i.index_id IN (0, 1)',
    kinds: STORED,
  },
  temporal: {
    select: 't.object_id, t.temporal_type_desc',
    from: 'JOIN sys.tables t ON t.object_id = o.object_id',
    more: 't.temporal_type <> 0',
    kinds: DATABASE,
  },
  external: {
    select: 't.object_id, t.location, ds.name',
    from: 'JOIN sys.external_tables t ON t.object_id = o.object_id LEFT JOIN sys.external_data_sources ds ON ds.data_source_id = t.data_source_id',
    kinds: ALL,
  },
  sequences: {
    select:
      'q.object_id, TYPE_NAME(q.user_type_id), CONVERT(nvarchar(50), q.start_value), CONVERT(nvarchar(50), q.increment)',
    from: 'JOIN sys.sequences q ON q.object_id = o.object_id',
    kinds: DATABASE,
  },
  distribution: {
    select: 't.object_id, t.distribution_policy_desc, c.name',
    from: 'JOIN sys.pdw_table_distribution_properties t ON t.object_id = o.object_id LEFT JOIN sys.pdw_column_distribution_properties d ON d.object_id = t.object_id AND d.distribution_ordinal = 1 LEFT JOIN sys.columns c ON c.object_id = d.object_id AND c.column_id = d.column_id',
    kinds: ['dedicated'],
  },
} as const satisfies Record<string, Fact>;

export type FactName = keyof typeof FACTS;

/** One fact of all objects of a range. */
export function fact(name: FactName, { schema, names, from, to }: Where): Statement {
  const { sql, values } = nameCondition(names);
  const wanted: Fact = FACTS[name];
  return {
    sql: `/* ${name} */ SELECT ${wanted.select} FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id ${wanted.from} WHERE s.name ${BYTES} = @schema AND o.object_id BETWEEN @from AND @to AND ${KINDS}${sql}${
      wanted.more === undefined ? '' : ` AND ${wanted.more}`
    }${wanted.group === undefined ? '' : ` GROUP BY ${wanted.group}`}`,
    values: { schema, from, to, ...values },
  };
}
