import type { NameFilter } from '../../families/sql/name-filter.js';

type Params = readonly (string | number)[];
export interface Statement {
  readonly sql: string;
  readonly params: Params;
}

/** What the filter leaves, over `schema.name`. */
function chosen({ include, exclude }: NameFilter): Statement {
  const like = `('main.' || l.name) LIKE ? ESCAPE '\\'`;
  const wanted = include.length === 0 ? '' : ` AND (${include.map(() => like).join(' OR ')})`;
  return { sql: wanted + exclude.map(() => ` AND NOT ${like}`).join(''), params: [...include, ...exclude] };
}

/** Tables and views behind a name, in the order of names; those of the system and the parts of virtual tables left out. */
export function relations(names: NameFilter, after: string, limit: number): Statement {
  const filter = chosen(names);
  return {
    sql: `SELECT l.name, l.type, l.wr, l.strict, m.sql
      FROM pragma_table_list AS l JOIN sqlite_schema AS m ON m.name = l.name AND m.type IN ('table', 'view')
      WHERE l.schema = 'main' AND l.type <> 'shadow' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        AND l.name > ?${filter.sql}
      ORDER BY l.name LIMIT ${String(limit)}`,
    params: [after, ...filter.params],
  };
}

export function countRelations(names: NameFilter): Statement {
  const { sql, params } = relations(names, '', 1_000_000);
  return { sql: `SELECT count(*) AS datasets FROM (${sql})`, params };
}

const PAGE = 'FROM json_each(?) AS page';
const of =
  (sql: string) =>
  (relationNames: readonly string[]): Statement => ({
    sql,
    params: [JSON.stringify(relationNames)],
  });

/** Each of these is one pass over the relations that are named. */
export const columns = of(
  `SELECT page.value AS relation, c.cid, c.name, c.type, c."notnull" AS required, c.dflt_value AS standard, c.pk, c.hidden
   ${PAGE}, pragma_table_xinfo(page.value) AS c WHERE c.hidden <> 1 ORDER BY page.key, c.cid`,
);
export const foreignKeys = of(
  `SELECT page.value AS relation, f.id, f."table" AS target, f."from" AS source, f."to" AS reference, f.on_update, f.on_delete
   ${PAGE}, pragma_foreign_key_list(page.value) AS f ORDER BY page.key, f.id, f.seq`,
);
export const indexes = of(
  `SELECT page.value AS relation, i.name, i."unique" AS is_unique, i.origin, i.partial, x.name AS column_name, m.sql
   ${PAGE}, pragma_index_list(page.value) AS i, pragma_index_xinfo(i.name) AS x
   LEFT JOIN sqlite_schema AS m ON m.type = 'index' AND m.name = i.name
   WHERE x.key = 1 ORDER BY page.key, i.name, x.seqno`,
);
/** What ANALYZE has left, if it ever ran. */
export const hasStatistics: Statement = {
  sql: `SELECT 1 AS found FROM sqlite_schema WHERE name = 'sqlite_stat1' AND type = 'table'`,
  params: [],
};
export const statistics = of(
  `SELECT page.value AS relation, max(CAST(s.stat AS INTEGER)) AS row_count ${PAGE} JOIN sqlite_stat1 AS s ON s.tbl = page.value
   GROUP BY page.value`,
);
