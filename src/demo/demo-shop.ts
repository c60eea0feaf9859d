import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';

const DATABASE = 'demo_shop';
/**
 * A shop with its warehouse and its people, then its rows, in the order in which they build on each other. It shows what
 * discovery reads: every kind of key, constraint, index, view, partition, type, comment and name. One statement text, and
 * so one transaction.
 */
const CONTENT = ['shop', 'warehouse', 'people', 'rows'];
const SCHEMAS = ['shop', 'warehouse', '"Human Resources"'];

/** How the demo source logs in to the sample database. */
export interface DemoLogin {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Makes the sample database on the server of the product where it is missing. It appears whole or not at all.
 *
 * @param ownerUrl a login of that server that may create databases and roles.
 * @returns whether it was made now.
 */
export async function createDemoShop(ownerUrl: string): Promise<boolean> {
  return withClient(ownerUrl, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 1) return false;
    const draft = `${DATABASE}_part`;
    await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${draft}`);
    const parts = CONTENT.map((name) =>
      readFile(new URL(`./demo-shop/${name}.sql`, import.meta.url), 'utf8'),
    );
    const content = (await Promise.all(parts)).join('\n');
    await withClient(onDatabase(ownerUrl, draft), (inside) => inside.query(content));
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${DATABASE}`);
    return true;
  });
}

/**
 * Gives a read-only account of the sample database a new password, and makes the account where it is missing.
 *
 * @param reader a plain word; each source that uses the database has its own account.
 */
export async function renewDemoLogin(ownerUrl: string, reader: string): Promise<DemoLogin> {
  const password = randomBytes(24).toString('base64url');
  await withClient(onDatabase(ownerUrl, DATABASE), async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [reader]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${reader}`);
    await client.query(`
      ALTER ROLE ${reader} LOGIN CONNECTION LIMIT 50 PASSWORD ${client.escapeLiteral(password)};
      ALTER ROLE ${reader} SET default_transaction_read_only = on;
      REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${DATABASE} TO ${reader};
      GRANT USAGE ON SCHEMA ${SCHEMAS.join(', ')} TO ${reader};
      GRANT SELECT ON ALL TABLES IN SCHEMA ${SCHEMAS.join(', ')} TO ${reader};
      GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${SCHEMAS.join(', ')} TO ${reader};`);
  });
  const { hostname, port } = new URL(ownerUrl);
  return { host: hostname, port: Number(port), database: DATABASE, username: reader, password };
}

function onDatabase(url: string, database: string): string {
  const at = new URL(url);
  at.pathname = `/${database}`;
  return at.href;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
