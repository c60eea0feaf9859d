import { setTimeout as rest } from 'node:timers/promises';
import { buildDataset } from '../../families/sql/dataset.js';
import type { NameFilter } from '../../families/sql/name-filter.js';
import { schemaReader } from '../../families/sql/schema-reader.js';
import type { CatalogPage, CatalogRequest, ScopeHead, SqlCatalog } from '../../families/sql/sql-driver.js';
import type { PgLine } from './line.js';
import type { Row } from './raw-query.js';
import { constraintsOf, fieldsOf, indexesOf, kindOf } from './relative-facts.js';

/**
 * Where a relative of PostgreSQL, whose own catalog differs, tells its facts. The texts are what stands behind `from`; the
 * columns that are read of them are named below.
 */
export interface RelativeViews {
  /** Changes with what is read. */
  readonly version: string;
  /** `schema_name`. */
  readonly schemas: string;
  /** Schemas of the server itself. */
  readonly hidden: readonly string[];
  /** `table_schema`, `table_name` (as varchar: pages compare and sort it), `table_type`, `comment`. */
  readonly tables: string;
  /**
   * `table_schema`, `table_name`, `column_name`, `ordinal_position`, `data_type`, `is_nullable`, `column_default`,
   * `character_maximum_length`, `numeric_precision`, `numeric_scale`, `comment`.
   */
  readonly columns: string;
  /** `table_schema`, `table_name`, `row_estimate`, `size_bytes` and texts of its own under `a`, `b`; absent where none is told. */
  readonly sizes?: { readonly from: string; readonly properties: readonly [a: string, b: string] };
  /** Whether checks and indexes are kept in pg_constraint and pg_index. */
  readonly checks: boolean;
  readonly indexes: boolean;
}

/** The most columns that a key may have to be read whole. */
const PLACES = Array.from({ length: 32 }, (_, at) => `select ${String(at + 1)} as n`).join(' union all ');

/** The catalog of a relative, page by page of tables of one schema; each page is a range of names, so that one set is one query. */
export function relativeCatalog(line: PgLine, views: RelativeViews): SqlCatalog {
  return {
    version: views.version,
    token: () => Promise.resolve(undefined),
    read: (request, signal) => {
      const read: Read = { line, views, request, signal };
      return Promise.resolve(
        schemaReader({ scopes: () => scopes(read), datasets: (schema) => datasets(read, schema) }, signal),
      );
    },
  };
}

interface Read {
  readonly line: PgLine;
  readonly views: RelativeViews;
  readonly request: CatalogRequest;
  readonly signal: AbortSignal;
}

/** Parameters in the order in which they are named: these servers take no arrays. */
class Parameters {
  readonly values: string[] = [];

  add(value: string): string {
    this.values.push(value);
    return `$${String(this.values.length)}::varchar`;
  }
}

/** The condition that the filter is, over the columns of `tables`. */
function chosen({ include, exclude }: NameFilter, parameters: Parameters): string {
  const like = (pattern: string): string =>
    `t.table_schema || '.' || t.table_name like ${parameters.add(pattern)}`;
  const parts = ['1 = 1'];
  if (include.length > 0) parts.push(`(${include.map(like).join(' or ')})`);
  for (const pattern of exclude) parts.push(`not (${like(pattern)})`);
  return parts.join(' and ');
}

async function scopes({ line, views, request }: Read): Promise<readonly ScopeHead[]> {
  const parameters = new Parameters();
  const hidden = views.hidden.map((name) => parameters.add(name)).join(', ');
  const filter = chosen(request.names, parameters);
  // A schema of which the filter leaves nothing is not of interest; one that is empty by itself is.
  const open = request.names.include.length > 0 ? '' : ' or count(t.table_name) = 0';
  const rows = await line.rows(
    `select s.schema_name, sum(case when ${filter} then 1 else 0 end)
     from ${views.schemas} s left join ${views.tables} t on t.table_schema = s.schema_name
     where s.schema_name not in (${hidden}) and substring(s.schema_name, 1, 3) <> 'pg_'
     group by s.schema_name having sum(case when t.table_name is not null and ${filter} then 1 else 0 end) > 0${open}
     order by s.schema_name`,
    parameters.values,
  );
  return rows.map(([name, count]) => ({ name: name ?? '', datasets: Number(count) }));
}

async function* datasets(read: Read, schema: string): AsyncGenerator<CatalogPage> {
  const { line, views, request, signal } = read;
  const { pageSize, pauseMs } = request.pace;
  let after = '';
  for (;;) {
    const parameters = new Parameters();
    const [at, from] = [parameters.add(schema), parameters.add(after)];
    const tables = await line.rows(
      `select t.table_name, t.table_type, t.comment from ${views.tables} t
       where t.table_schema = ${at} and t.table_name > ${from} and ${chosen(request.names, parameters)}
       order by t.table_name limit ${String(pageSize)}`,
      parameters.values,
    );
    const last = tables.at(-1)?.[0];
    if (last === undefined || last === null) return;
    yield { datasets: await page(read, { schema, after, last, tables }) };
    if (tables.length < pageSize) return;
    after = last;
    if (pauseMs > 0) await rest(pauseMs, undefined, { signal });
    signal.throwIfAborted();
  }
}

interface PageOfTables {
  readonly schema: string;
  readonly after: string;
  readonly last: string;
  readonly tables: readonly Row[];
}

async function page({ line, views, request }: Read, { schema, after, last, tables }: PageOfTables) {
  /** One set of facts of the tables of the page, by table. */
  const set = async (
    select: string,
    from: string,
    order: string,
  ): Promise<ReadonlyMap<string, readonly Row[]>> => {
    const parameters = new Parameters();
    const [at, low, high] = [parameters.add(schema), parameters.add(after), parameters.add(last)];
    const rows = await line.rows(
      `select t.table_name, ${select} from ${from}
       where t.table_schema = ${at} and t.table_name > ${low} and t.table_name <= ${high}
         and ${chosen(request.names, parameters)} order by ${order}`,
      parameters.values,
    );
    return byTable(rows);
  };
  const none = (): Promise<ReadonlyMap<string, readonly Row[]>> => Promise.resolve(new Map<string, Row[]>());
  const [columns, constraints, indexes, sizes] = await Promise.all([
    set(
      `t.column_name, t.data_type, t.is_nullable, t.column_default, t.character_maximum_length, t.numeric_precision,
       t.numeric_scale, t.comment`,
      `${views.columns} t`,
      't.table_name, t.ordinal_position',
    ),
    set(CONSTRAINT, constraintsFrom(views.checks), 't.table_name, t.conname, t.n'),
    views.indexes
      ? set(
          't.index_name, t.is_unique, t.is_primary, t.n, t.column_name',
          INDEXES,
          't.table_name, t.index_name, t.n',
        )
      : none(),
    // Sizes are for the privileged on some servers: they are extra, and so is the right to them.
    views.sizes
      ? set('t.row_estimate, t.size_bytes, t.a, t.b', `${views.sizes.from} t`, 't.table_name').catch(none)
      : none(),
  ]);
  return tables.map(([name, type, comment]) => {
    const table = name ?? '';
    const size = sizes.get(table)?.[0];
    const fields = fieldsOf(columns.get(table) ?? []);
    return {
      dataset: buildDataset({
        relation: {
          schema,
          name: table,
          kind: kindOf(type ?? ''),
          comment: comment ?? undefined,
          rowEstimate: numberOf(size?.[1]),
          sizeBytes: numberOf(size?.[2]),
          properties: views.sizes && size ? propertiesOf(views.sizes.properties, size) : undefined,
        },
        fields,
        constraints: constraintsOf(constraints.get(table) ?? []),
        indexes: indexesOf(indexes.get(table) ?? []),
      }),
    };
  });
}

function propertiesOf([a, b]: readonly [string, string], row: Row): Record<string, string> | undefined {
  const known = [
    [a, row[3]],
    [b, row[4]],
  ].filter((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== '');
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

function numberOf(text: string | null | undefined): number | undefined {
  const value = typeof text === 'string' ? Math.round(Number(text)) : Number.NaN;
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

const CONSTRAINT = `t.conname, t.contype, t.column_name, t.ref_schema, t.ref_table, t.ref_column, t.confupdtype,
  t.confdeltype, t.expression`;

/** Keys by the catalog that these servers share, place by place: information_schema shows them to owners alone. */
const constraintsFrom = (checks: boolean): string => `(
  select n.nspname as table_schema, c.relname::varchar as table_name, k.conname, k.contype::varchar as contype, p.n,
    a.attname as column_name, rn.nspname as ref_schema, r.relname as ref_table, ra.attname as ref_column,
    k.confupdtype::varchar as confupdtype, k.confdeltype::varchar as confdeltype,
    ${checks ? `case when k.contype = 'c' then pg_get_constraintdef(k.oid) end` : 'null::varchar'} as expression
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  join (${PLACES}) p on p.n <= coalesce(array_upper(k.conkey, 1), 0) or (p.n = 1 and k.contype = 'c')
  left join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[p.n]
  left join pg_class r on r.oid = k.confrelid left join pg_namespace rn on rn.oid = r.relnamespace
  left join pg_attribute ra on ra.attrelid = k.confrelid and ra.attnum = k.confkey[p.n]
  where k.contype in ('p', 'u', 'f'${checks ? `, 'c'` : ''})) t`;

const INDEXES = `(
  select n.nspname as table_schema, c.relname::varchar as table_name, i.relname as index_name, x.indisunique::varchar as is_unique,
    x.indisprimary::varchar as is_primary, p.n, a.attname as column_name
  from pg_index x
  join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_class i on i.oid = x.indexrelid
  join (${PLACES}) p on p.n <= x.indnkeyatts
  left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[p.n - 1]) t`;

function byTable(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = row[0] ?? '';
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}
