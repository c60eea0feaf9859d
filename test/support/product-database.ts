import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../src/platform/database/migrate.js';
import { servers } from './servers.js';

/** A migrated database of the product for one suite. */
export interface ProductDatabase {
  /** Of a login that owns the tables: it may make roles and is neither superuser nor exempt from row-level security. */
  readonly ownerUrl: string;
  /** For looking at everything and for damage on purpose; the product never has it. */
  readonly superuserUrl: string;
  drop(): Promise<void>;
}

/** The PostgreSQL that a database is made on, with its superuser. */
interface Where {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** Makes a database with a login of its own on the shared test server, or on another one, and migrates it. */
export async function makeProductDatabase(where?: Where): Promise<ProductDatabase> {
  const { host, port, username, password } = where ?? (await servers.postgres());
  const name = `product_${randomBytes(6).toString('hex')}`;
  const ownerPassword = randomBytes(12).toString('hex');
  const urlOf = (user: string, secret: string, database: string): string =>
    `postgres://${user}:${encodeURIComponent(secret)}@${host}:${String(port)}/${database}`;
  const asSuperuser = async (...statements: string[]): Promise<void> => {
    const client = new pg.Client({ connectionString: urlOf(username, password, 'postgres') });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  // Roles belong to the server: whoever made the product's first owns them, so each login here is given them.
  const role = (of: string): string => `
    DO $$ BEGIN CREATE ROLE ${of} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`;
  await asSuperuser(
    role('datawave_app'),
    role('datawave_scheduler'),
    `CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD '${ownerPassword}'`,
    `GRANT datawave_app, datawave_scheduler TO ${name} WITH INHERIT FALSE, SET TRUE`,
    `CREATE DATABASE ${name} OWNER ${name}`,
  );
  const ownerUrl = urlOf(name, ownerPassword, name);
  await migrate(ownerUrl);
  return {
    ownerUrl,
    superuserUrl: urlOf(username, password, name),
    drop: () => asSuperuser(`DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${name}`),
  };
}

/** Runs one statement on a connection of its own. */
export async function queryOnce<Row>(
  url: string,
  sql: string,
  params: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, [...params])).rows as Row[];
  } finally {
    await client.end();
  }
}
