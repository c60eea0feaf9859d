/** Tables per statement: each one locks its tables, indexes and sequences until the end, and the lock table is small. */
const TABLES_PER_STATEMENT = 200;

export interface Shape {
  readonly tables: number;
  readonly schemas: number;
}

/** The shape that the figures of docs/performance.md were measured with. */
export function shapeOf(tables: number): Shape {
  return { tables, schemas: Math.max(2, Math.min(20, Math.round(tables / 500))) };
}

/**
 * Statements that fill an empty PostgreSQL database: per table 10 columns, a primary key, a foreign key to the table
 * before it, a check, two more indexes (one unique), comments on the table and on two columns; a view for every 50 tables.
 */
export function* generate({ tables, schemas }: Shape): Generator<string> {
  yield Array.from({ length: schemas }, (_, s) => `create schema s${String(s).padStart(2, '0')}`).join('; ');
  yield "create type s00.mood as enum ('calm', 'busy', 'late')";
  const perSchema = Math.ceil(tables / schemas);
  for (let from = 0; from < tables; from += TABLES_PER_STATEMENT) {
    const to = Math.min(tables, from + TABLES_PER_STATEMENT);
    yield `do $$
declare s text; t text; before text;
begin
  for i in ${String(from)}..${String(to - 1)} loop
    s := 's' || lpad((i / ${String(perSchema)})::text, 2, '0');
    t := 'orders_' || lpad(i::text, 6, '0');
    execute format('create table %I.%I (
      id bigint generated always as identity primary key,
      parent_id bigint,
      code varchar(40) not null,
      title text,
      amount numeric(12,2) not null default 0,
      state s00.mood not null default ''calm'',
      tags text[],
      details jsonb,
      created_at timestamptz not null default now(),
      updated_at timestamp,
      constraint %I check (amount >= %s),
      constraint %I unique (code))', s, t, t || '_amount_check', -i, t || '_code_key');
    execute format('create index on %I.%I (created_at desc)', s, t);
    execute format('comment on table %I.%I is %L', s, t, 'Orders of region ' || i);
    execute format('comment on column %I.%I.code is %L', s, t, 'Public code of the order');
    execute format('comment on column %I.%I.amount is %L', s, t, 'Total, in the currency of the region');
    if before is not null then
      execute format('alter table %I.%I add foreign key (parent_id) references %s (id) on delete cascade', s, t, before);
    end if;
    if i % 50 = 0 then
      execute format('create view %I.%I as select id, code, amount from %I.%I where state <> ''late''', s, t || '_open', s, t);
    end if;
    before := format('%I.%I', s, t);
  end loop;
end $$`;
  }
}
