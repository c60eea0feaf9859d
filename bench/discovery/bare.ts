/**
 * The bare catalog queries: the same facts, each as one plain set over the whole database. They are what our read is
 * compared with, by node pg and by psql's \copy.
 */
const TABLES = `c.relkind in ('r', 'v', 'm', 'f', 'p') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'`;
const FROM = `from pg_class c join pg_namespace n on n.oid = c.relnamespace`;

export const BARE_QUERIES = [
  `select c.oid, n.nspname, c.relname, c.relkind, c.reltuples, c.relpages ${FROM} where ${TABLES} order by n.nspname, c.oid`,
  `select a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated ${FROM} join pg_attribute a on a.attrelid = c.oid where ${TABLES} and a.attnum > 0 and not a.attisdropped order by n.nspname, a.attrelid, a.attnum`,
  `select d.adrelid, d.adnum, pg_get_expr(d.adbin, 0) ${FROM} join pg_attrdef d on d.adrelid = c.oid where ${TABLES} order by d.adrelid, d.adnum`,
  `select k.conrelid, k.conname, k.contype, k.conkey, k.confrelid, k.confkey, k.confupdtype, k.confdeltype, case when k.contype = 'c' then pg_get_expr(k.conbin, k.conrelid) end ${FROM} join pg_constraint k on k.conrelid = c.oid where ${TABLES} order by k.conrelid, k.conname`,
  `select i.indrelid, ic.relname, i.indkey, i.indisunique, i.indisprimary, ic.relam ${FROM} join pg_index i on i.indrelid = c.oid join pg_class ic on ic.oid = i.indexrelid where ${TABLES} order by i.indrelid`,
  `select d.objoid, d.objsubid, d.description ${FROM} join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid where ${TABLES} order by d.objoid, d.objsubid`,
  `select c.oid, pg_get_viewdef(c.oid) ${FROM} where ${TABLES} and c.relkind in ('v', 'm')`,
] as const;

export const BARE_BEGIN = 'begin transaction isolation level repeatable read, read only; set local jit = off';
