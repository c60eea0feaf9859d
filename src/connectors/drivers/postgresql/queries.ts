import type { NameFilter } from '../../families/sql/name-filter.js';
import { STATEMENT_MS } from './line.js';

/**
 * What is read of pg_catalog, for PostgreSQL 12 and later. The catalog itself and not information_schema: that one is
 * five times slower and hides what the login may not use. Every fact is one set for a page of relations, never a query
 * for each table. Column orders are those of the row types in rows.ts.
 */

/** No plan of the user's own settings, and texts that do not depend on the time zone or the role of the reader. */
export const BEGIN = `begin transaction isolation level repeatable read, read only;
set local search_path = pg_catalog, pg_temp;
set local statement_timeout = ${String(STATEMENT_MS)};
set local lock_timeout = 2000;
set local idle_in_transaction_session_timeout = 120000;
set local jit = off;
set local max_parallel_workers_per_gather = 0;
set local cursor_tuple_fraction = 1;
set local work_mem = '32MB';
set local quote_all_identifiers = off;
set local timezone = 'UTC';
set local datestyle = 'ISO, MDY';
set local intervalstyle = 'postgres'`;

/** A page names its relations: seen from there every other catalog is a look-up in an index, whatever its size. */
export const PAGE_PLANS = `set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off`;

/** Longer texts are cut: a catalog is no place for a file. */
const TEXT_LIMIT = '100000';

const KINDS = `('r', 'v', 'm', 'f', 'p')`;
const NO_SYSTEM = `n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'`;
const FULL_NAME = `n.nspname || '.' || c.relname`;

/** The chosen relations; `$1` and `$2` are the patterns of the filter. */
function chosen({ include, exclude }: NameFilter): string {
  const parts = [`c.relkind in ${KINDS}`];
  if (include.length > 0) parts.push(`${FULL_NAME} like any($1::text[])`);
  if (exclude.length > 0) parts.push(`not (${FULL_NAME} like any($2::text[]))`);
  return parts.join(' and ');
}

/** Both parameters must be there for the server, used or not. */
const BOTH = `(select $1::text[], $2::text[]) p`;

/** Schemas with the number of their chosen relations. One that the filter empties is not of interest, an empty one is. */
export function scopesQuery(names: NameFilter): string {
  const open = names.include.length > 0 ? 'false' : `not (n.nspname || '.' like any($2::text[]))`;
  return `select n.nspname, count(c.oid)
from ${BOTH} cross join pg_namespace n left join pg_class c on c.relnamespace = n.oid and ${chosen(names)}
where ${NO_SYSTEM}
group by n.nspname
having count(c.oid) > 0 or ${open}
order by n.nspname collate "C"`;
}

const num = (column: string): string => `${column}::text::bigint`;

/** Moves when the relation, the text of a view, or a name in a text or a fact of it does. */
const STAMP = `c.xmin::text || case
  when c.relkind in ('v', 'm') then (
    select '/' || coalesce(sum(${num('r.xmin')}), 0) from pg_rewrite r where r.ev_class = c.oid
  ) || (
    select '/' || coalesce(sum(hashtext(dn.nspname || '.' || dc.relname || '.' || coalesce(da.attname, ''))), 0)
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_class dc on dc.oid = d.refobjid
    join pg_namespace dn on dn.oid = dc.relnamespace
    left join pg_attribute da on da.attrelid = d.refobjid and da.attnum = d.refobjsubid
    where r.ev_class = c.oid)
  when c.relispartition then (
    select '/' || coalesce(sum(hashtext(pn.nspname || '.' || pc.relname)), 0)
    from pg_inherits i join pg_class pc on pc.oid = i.inhparent join pg_namespace pn on pn.oid = pc.relnamespace
    where i.inhrelid = c.oid)
  else '' end`;

const parent = (column: string): string => `case when c.relispartition then (
    select ${column} from pg_inherits i join pg_class pc on pc.oid = i.inhparent
    join pg_namespace pn on pn.oid = pc.relnamespace where i.inhrelid = c.oid limit 1) end`;

const HEAD = `c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.reltuples,
  c.relpages + coalesce((select t.relpages from pg_class t where t.oid = c.reltoastrelid), 0),
  ${parent('pn.nspname')}, ${parent('pc.relname')},
  case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end,
  case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end,
  case when c.relkind = 'f' then (
    select s.srvname from pg_foreign_table ft join pg_foreign_server s on s.oid = ft.ftserver where ft.ftrelid = c.oid) end,
  c.relnatts,
  ${STAMP}`;

/** The schemas `$3`. */
const IN_SCOPES = `${BOTH} cross join pg_namespace n join pg_class c on c.relnamespace = n.oid`;
const SCOPED = 'n.nspname = any($3::name[])';

/**
 * Scope after scope, and in them by oid: a schema's relations lie near each other in the other catalogs too. Not by the
 * name itself: the server would walk its index and look through all relations for each schema.
 */
const IN_ORDER = `order by n.nspname::text collate "C", c.oid`;

export function headsCursor(names: NameFilter): string {
  return `declare heads no scroll cursor for
select ${HEAD} from ${IN_SCOPES} where ${SCOPED} and ${chosen(names)} ${IN_ORDER}`;
}

/** Those of a page that are not known yet; `$1` are oids here and in all that follows. */
export const HEADS = `select ${HEAD} from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.oid = any($1::oid[]) and c.relkind in ${KINDS} order by c.oid`;

export const COLUMNS = `
select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull,
  nullif(a.attidentity, ''), nullif(a.attgenerated, ''),
  case when a.attcollation not in (0, 100) then (
    select k.collname from pg_collation k where k.oid = a.attcollation) end,
  a.xmin
from pg_attribute a
where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum`;

/**
 * Without the relation a text costs an eighth of the time and no memory of the server. Only generated columns need it:
 * their trees hold variables. Constants are numbers there, so nothing else can look like one.
 */
export const DEFAULTS = `
select d.adrelid, d.adnum, left(case when strpos(d.adbin::text, '{VAR ') = 0
  then pg_get_expr(d.adbin, 0) else pg_get_expr(d.adbin, d.adrelid) end, ${TEXT_LIMIT})
from pg_attrdef d
where d.adrelid = any($1::oid[])
order by d.adrelid, d.adnum`;

export const COMMENTS = `
select d.objoid, d.objsubid, left(d.description, ${TEXT_LIMIT}), d.xmin
from pg_description d
where d.classoid = 'pg_class'::regclass and d.objoid = any($1::oid[])
order by d.objoid, d.objsubid`;

/** Not-null constraints, which PostgreSQL 18 keeps here too, are facts of their columns. */
const CONSTRAINT_KINDS = `('p', 'u', 'f', 'c', 'x')`;

/**
 * What the foreign key `k` refers to: its relation as the server quotes it, a blank, and the column or a JSON array of
 * them. The server has the names of relations at hand, without a look into its catalogs for each.
 */
const REFERENCE = `k.confrelid::regclass::text || ' ' || case when cardinality(k.confkey) = 1
    then (select ra.attname from pg_attribute ra where ra.attrelid = k.confrelid and ra.attnum = k.confkey[1])::text
    else to_json(array(
      select ra.attname from unnest(k.confkey) with ordinality u(num, ord)
      join pg_attribute ra on ra.attrelid = k.confrelid and ra.attnum = u.num order by u.ord))::text end`;

export const CONSTRAINTS = `
select k.conrelid, k.conname, k.contype, k.conkey, k.confupdtype, k.confdeltype,
  case k.contype when 'f' then ${REFERENCE}
    when 'c' then left(pg_get_expr(k.conbin, k.conrelid), ${TEXT_LIMIT})
    when 'x' then pg_get_constraintdef(k.oid) end,
  k.xmin
from pg_constraint k
where k.conrelid = any($1::oid[]) and k.contype in ${CONSTRAINT_KINDS}
order by k.conrelid, k.conname`;

export const INDEXES = `
select i.indrelid, ic.relname, i.indkey, i.indnkeyatts, i.indisunique, i.indisprimary, ic.relam, ic.relpages,
  case when i.indexprs is not null then array_to_json(array(
    select left(pg_get_indexdef(i.indexrelid, k, true), ${TEXT_LIMIT}) from generate_series(1, i.indnkeyatts) k)) end,
  case when i.indpred is not null then left(pg_get_expr(i.indpred, i.indrelid), ${TEXT_LIMIT}) end,
  i.xmin, ic.xmin
from pg_index i join pg_class ic on ic.oid = i.indexrelid
where i.indrelid = any($1::oid[])
order by i.indrelid, ic.relname`;

export const DEFINITIONS = `
select c.oid, left(pg_get_viewdef(c.oid), ${TEXT_LIMIT})
from pg_class c where c.oid = any($1::oid[]) and c.relkind in ('v', 'm')`;

/** Relations that no one may open now: the server opens them to write down their texts. */
export const HELD = `
select l.relation from pg_locks l
where l.relation = any($1::oid[]) and l.mode = 'AccessExclusiveLock' and l.granted
  and l.database = (select d.oid from pg_database d where d.datname = current_database())`;

export const ACCESS_METHODS = `select oid, amname from pg_am`;

/** Types of our own time: those below are built in and never change. */
const FIRST_OWN_OID = 16384;

/** Moves when a type, what it is made of, its members or its schema's name do. */
const typeStamp = (oid: string): string => `(
  with recursive chain(oid) as (
    select ${oid}
    union select x.next from chain join pg_type t on t.oid = chain.oid
    cross join lateral (values (t.typelem), (t.typbasetype)) x(next) where x.next >= ${String(FIRST_OWN_OID)})
  select coalesce(sum(${num('t.xmin')} + hashtext(tn.nspname) + coalesce((
      select sum(${num('e.xmin')}) + count(*) from pg_enum e where e.enumtypid = t.oid), 0)), 0)
  from chain join pg_type t on t.oid = chain.oid join pg_namespace tn on tn.oid = t.typnamespace)`;

/** Facts of pairs of a type and its modifier, `$1` and `$2`; what a domain is over is followed to its base. */
export const TYPES = `
with recursive wanted as (
  select w.oid, w.mod from unnest($1::oid[], $2::int[]) w(oid, mod)
), base(root, rootmod, oid, mod) as (
  select oid, mod, oid, mod from wanted
  union all select b.root, b.rootmod, t.typbasetype, t.typtypmod
  from base b join pg_type t on t.oid = b.oid where t.typtype = 'd'
)
select b.root, b.rootmod, format_type(b.root, b.rootmod), t.typname, t.typtype, t.typcategory, b.mod,
  case when t.typtype = 'e' then (
    select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) end,
  case when b.root >= ${String(FIRST_OWN_OID)} then ${typeStamp('b.root')} else 0 end
from base b join pg_type t on t.oid = b.oid
where t.typtype <> 'd'`;

/**
 * The number that the ages of row versions are counted back from: a sum of ages takes half the time of a sum of
 * transaction ids, for which there is no cast but through text.
 */
export const NOW = `select age('3'::xid)`;
export const OLDEST = 3;

/** Every chosen relation with the versions of all rows that its facts come from, counted and summed up. */
export function fingerprintsCursor(names: NameFilter): string {
  return `declare heads no scroll cursor for
select c.oid, n.nspname, c.relname, ${STAMP},
  a.count, a.ages, a.types, k.count, k.ages, k.names, i.count, i.ages, d.count, d.ages
from ${IN_SCOPES}
left join (
  select a.attrelid, count(*), sum(age(a.xmin)) as ages,
    array_agg(a.atttypid) filter (where a.atttypid >= ${String(FIRST_OWN_OID)}) as types
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relkind in ${KINDS} and a.attnum > 0 and not a.attisdropped group by a.attrelid
) a on a.attrelid = c.oid
left join (
  select k.conrelid, count(*), sum(age(k.xmin)) as ages,
    string_agg(case when k.contype = 'f' then ${REFERENCE} end, '' order by k.conname) as names
  from pg_constraint k where k.contype in ${CONSTRAINT_KINDS} group by k.conrelid
) k on k.conrelid = c.oid
left join (
  select i.indrelid, 2 * count(*) as count, sum(age(i.xmin)) + sum(age(ic.xmin)) as ages
  from pg_index i join pg_class ic on ic.oid = i.indexrelid group by i.indrelid
) i on i.indrelid = c.oid
left join (
  select d.objoid, count(*), sum(age(d.xmin)) as ages
  from pg_description d where d.classoid = 'pg_class'::regclass group by d.objoid
) d on d.objoid = c.oid
where ${SCOPED} and ${chosen(names)} ${IN_ORDER}`;
}

/** Catalogs whose rows facts come from. */
const WATCHED = [
  'pg_namespace',
  'pg_class',
  'pg_attribute',
  'pg_attrdef',
  'pg_constraint',
  'pg_index',
  'pg_description',
  'pg_rewrite',
  'pg_inherits',
  'pg_partitioned_table',
  'pg_foreign_table',
  'pg_foreign_server',
  'pg_type',
  'pg_enum',
  'pg_collation',
];

/**
 * How many rows of the watched catalogs were ever written, as the server counts them, with what tells that it still
 * counts on from where it was: cluster, database, start of the server, resets of the counts. Those of the background
 * writer are reset when the server recovers from a crash, in which all counts are lost.
 * Nothing on a standby, which counts nothing, and where counting is off.
 */
export const TOKEN = `
select case when not pg_is_in_recovery() and current_setting('track_counts') = 'on' then
  concat_ws(' ', (select system_identifier from pg_control_system()), d.oid, pg_postmaster_start_time(),
    pg_stat_get_db_stat_reset_time(d.oid), pg_stat_get_bgwriter_stat_reset_time(),
    (select string_agg(
        concat_ws(',', pg_stat_get_tuples_inserted(w.oid), pg_stat_get_tuples_updated(w.oid), pg_stat_get_tuples_deleted(w.oid)),
        ' ' order by w.oid)
      from unnest('{${WATCHED.map((name) => `pg_catalog.${name}`).join(',')}}'::regclass[]) w(oid))) end
from pg_database d where d.datname = current_database()`;
