import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { makeProductDatabase, queryOnce, type ProductDatabase } from '../support/product-database.js';

const ORG = '0197f000-0000-7000-8000-00000000000a';
const OTHER = '0197f000-0000-7000-8000-00000000000b';

interface Column {
  readonly table_name: string;
  readonly column_name: string;
  readonly data_type: string;
  readonly udt_name: string;
}

let database: ProductDatabase;
let tables: string[];

/** Runs statements in one transaction under a role and an organization, and rolls it back. */
async function under<Row>(role: string | undefined, org: string | undefined, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    if (org !== undefined) await client.query(`SELECT set_config('app.org_id', $1, true)`, [org]);
    if (role !== undefined) await client.query(`SET LOCAL ROLE ${role}`);
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

const count = async (role: string | undefined, org: string | undefined, table: string): Promise<number> =>
  (await under<{ n: number }>(role, org, `SELECT count(*)::int AS n FROM ${table}`))[0]?.n ?? -1;

/** A row for any table: what is NOT NULL and has no default gets something; foreign keys and checks are off. */
async function fill(table: string, org: string): Promise<void> {
  const columns = await queryOnce<Column & { check: string | null }>(
    database.superuserUrl,
    `SELECT c.column_name, c.udt_name,
       (SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k, pg_attribute a
        WHERE k.conrelid = '${table}'::regclass AND k.contype = 'c' AND a.attrelid = k.conrelid
          AND a.attname = c.column_name AND k.conkey = ARRAY[a.attnum] LIMIT 1) AS "check"
     FROM information_schema.columns c
     WHERE table_schema = 'public' AND table_name = $1 AND is_identity = 'NO'
       AND (is_nullable = 'NO' AND column_default IS NULL OR column_name = 'org_id')`,
    [table],
  );
  const values = columns.map(({ column_name: name, udt_name: type, check }) => {
    const word = /'([^']+)'/.exec(check ?? '')?.[1];
    if (name === 'org_id') return `'${org}'`;
    if (word !== undefined) return `'${word}'`;
    return VALUES[type] ?? `'{}'`;
  });
  await queryOnce(
    `${database.superuserUrl}?options=-c%20session_replication_role%3Dreplica`,
    `INSERT INTO ${table} (${columns.map((column) => column.column_name).join(', ')}) VALUES (${values.join(', ')})`,
  );
}

const VALUES: Readonly<Record<string, string>> = {
  uuid: 'gen_random_uuid()',
  text: 'gen_random_uuid()::text',
  int2: '1',
  int4: '1',
  int8: '1',
  float4: '1',
  float8: '1',
  numeric: '1',
  bool: 'true',
  timestamptz: 'now()',
  date: 'now()',
  bytea: "'\\x00'",
  jsonb: "'{}'",
};

beforeAll(async () => {
  database = await makeProductDatabase();
  const rows = await queryOnce<{ name: string }>(
    database.superuserUrl,
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations'
       AND NOT relispartition ORDER BY 1`,
  );
  tables = rows.map((row) => row.name);
  for (const table of tables) for (const org of [ORG, OTHER]) await fill(table, org);
}, 120_000);

afterAll(() => database.drop());

describe('row-level security', () => {
  test('is tested by a login that it binds', async () => {
    const [login] = await queryOnce<Record<string, unknown>>(
      database.ownerUrl,
      `SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user`,
    );
    expect(login).toEqual({ rolsuper: false, rolbypassrls: false });
    const roles = await queryOnce(
      database.ownerUrl,
      `SELECT rolname FROM pg_roles WHERE rolname LIKE 'datawave_%' AND (rolsuper OR rolbypassrls OR rolcanlogin)
         AND rolname IN ('datawave_app', 'datawave_scheduler')`,
    );
    expect(roles).toEqual([]);
  });

  test('covers every table and partition, for the owner too', async () => {
    const open = await queryOnce(
      database.ownerUrl,
      `SELECT c.relname FROM pg_class c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'migrations'
         AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
         AND NOT (c.relispartition AND NOT has_table_privilege('datawave_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE'))`,
    );
    expect(open).toEqual([]);
    expect(tables).toEqual(
      expect.arrayContaining(['audit_events', 'credentials', 'data_sources', 'organization_keys']),
    );
  });

  test('lets no view around it', async () => {
    const open = await queryOnce(
      database.ownerUrl,
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
         AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false)`,
    );
    const definers = await queryOnce(
      database.ownerUrl,
      `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef`,
    );
    expect([open, definers]).toEqual([[], []]);
  });

  test('shows the rows of the organization alone', async () => {
    for (const table of tables) {
      const stored = (
        await queryOnce<{ n: number }>(database.superuserUrl, `SELECT count(*)::int AS n FROM ${table}`)
      )[0];
      expect([table, stored?.n]).toEqual([table, 2]);
      if (await readable(table)) {
        const foreign = `SELECT org_id FROM ${table} WHERE org_id <> '${ORG}'`;
        expect([table, await count('datawave_app', ORG, table)]).toEqual([table, 1]);
        expect([table, await under('datawave_app', ORG, foreign)]).toEqual([table, []]);
      }
    }
  });

  test('shows nothing without an organization: to the application, and to the owner', async () => {
    for (const table of tables) {
      for (const org of [undefined, '']) {
        if (await readable(table))
          expect([table, await count('datawave_app', org, table)]).toEqual([table, 0]);
      }
      for (const org of [undefined, ORG])
        expect([table, await count(undefined, org, table)]).toEqual([table, 0]);
    }
  });

  test('takes an organization that is no UUID for an error', async () => {
    await expect(count('datawave_app', "x' OR true --", 'data_sources')).rejects.toMatchObject({
      code: '22P02',
    });
  });

  test('refuses to write without an organization or for another', async () => {
    const insert = `INSERT INTO outbox (org_id, type, data_source_id) VALUES ('${OTHER}', 'x', '${randomUUID()}')`;
    const refused = { code: '42501' };
    await expect(under('datawave_app', ORG, insert)).rejects.toMatchObject(refused);
    await expect(under('datawave_app', undefined, insert)).rejects.toMatchObject(refused);
    await expect(under(undefined, OTHER, insert)).rejects.toMatchObject(refused);
    await expect(
      under('datawave_app', ORG, `UPDATE data_sources SET org_id = '${OTHER}'`),
    ).rejects.toMatchObject(refused);
    const update = `UPDATE data_sources SET name = 'x' WHERE org_id = '${OTHER}' RETURNING id`;
    expect(await under('datawave_app', ORG, update)).toEqual([]);
    expect(
      await under('datawave_app', ORG, `DELETE FROM credentials WHERE org_id = '${OTHER}' RETURNING field`),
    ).toEqual([]);
  });

  test('keeps the scheduler to the queues', async () => {
    const seen = await queryOnce<{ table: string }>(
      database.ownerUrl,
      `SELECT DISTINCT table_name::text AS table FROM information_schema.role_table_grants
       WHERE grantee = 'datawave_scheduler' AND privilege_type = 'SELECT' ORDER BY 1`,
    );
    for (const { table } of seen) expect(['jobs', 'outbox', 'schedules']).toContain(table);
    for (const table of ['data_sources', 'credentials', 'audit_events', 'organization_keys'])
      await expect(under('datawave_scheduler', ORG, `SELECT * FROM ${table}`)).rejects.toMatchObject({
        code: '42501',
      });
    expect(
      await under('datawave_scheduler', undefined, 'SELECT kek_version FROM organization_keys'),
    ).toHaveLength(2);
  });

  test('keeps the audit log as it was written, for everyone', async () => {
    const refused = { code: '42501' };
    for (const statement of [
      `UPDATE audit_events SET actor_id = 'x'`,
      'DELETE FROM audit_events',
      'TRUNCATE audit_events',
      `INSERT INTO audit_events (id, org_id, actor_id, action, target_type, result)
       SELECT id, org_id, 'x', 'x', 'x', 'success' FROM audit_events ON CONFLICT (id) DO UPDATE SET actor_id = 'x'`,
    ]) {
      await expect(under('datawave_app', ORG, statement)).rejects.toMatchObject(refused);
      if (!statement.startsWith('INSERT')) {
        await expect(under(undefined, ORG, statement)).rejects.toMatchObject(refused);
        await expect(queryOnce(database.superuserUrl, statement)).rejects.toMatchObject(refused);
      }
    }
  });
});

async function readable(table: string): Promise<boolean> {
  const [row] = await queryOnce<{ may: boolean }>(
    database.ownerUrl,
    `SELECT has_table_privilege('datawave_app', $1, 'SELECT') AS may`,
    [table],
  );
  return row?.may === true;
}
