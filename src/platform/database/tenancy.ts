import type { QueryRunner } from 'typeorm';

/** The roles that the product works under; neither owns a table, logs in or escapes row-level security. */
const ROLES = ['datawave_app', 'datawave_scheduler'];

/**
 * Makes the roles if they are missing and lets the login that migrates use them. Roles belong to the whole server: two
 * databases that migrate at once may race for them, so "exists already" is no fault.
 */
export async function createRoles(runner: QueryRunner): Promise<void> {
  for (const role of ROLES) {
    await runner.query(`
      DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
          CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOBYPASSRLS;
        END IF;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END $$`);
    // From PostgreSQL 16 on, who makes a role is its member by ADMIN alone and may not SET ROLE to it. Where it can be
    // had, membership is without INHERIT: else the owner would see rows by the policies of these roles.
    await runner.query(`
      DO $$
      DECLARE modern boolean := current_setting('server_version_num')::int >= 160000;
      BEGIN
        IF NOT pg_has_role(current_user, '${role}', CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END) THEN
          EXECUTE format('GRANT ${role} TO %I', current_user)
            || CASE WHEN modern THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
        END IF;
      EXCEPTION WHEN unique_violation THEN NULL;
      END $$`);
    await runner.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
  }
}

interface TenantTable {
  /** What the application may do inside its organization. */
  readonly app: string;
  /** What the scheduler may do across organizations; only for queues, which hold ids and times. */
  readonly scheduler?: string;
}

/** Puts a table with an `org_id` behind row-level security, forced for its owner too, and grants what is needed. */
export async function isolate(
  runner: QueryRunner,
  table: string,
  { app, scheduler }: TenantTable,
): Promise<void> {
  const mine = `org_id = nullif(current_setting('app.org_id', true), '')::uuid`;
  await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  await runner.query(
    `CREATE POLICY organization ON ${table} TO datawave_app USING (${mine}) WITH CHECK (${mine})`,
  );
  await runner.query(`GRANT ${app} ON ${table} TO datawave_app`);
  if (!scheduler) return;
  await runner.query(`CREATE POLICY queues ON ${table} TO datawave_scheduler USING (true) WITH CHECK (true)`);
  await runner.query(`GRANT ${scheduler} ON ${table} TO datawave_scheduler`);
}
