import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestServer } from './servers.js';

/** A database of its own on a PostgreSQL test server, with a login that owns nothing. */
export interface TestDatabase {
  readonly database: string;
  /** A connection of type `postgresql` as the login. */
  readonly connection: Readonly<Record<string, unknown>>;
  readonly username: string;
  /** Runs statements as the administrator, over one session that stays open. What they did is counted at once. */
  run(...statements: string[]): Promise<void>;
  /** Another session of the administrator; its owner ends it. */
  another(): Promise<pg.Client>;
  drop(): Promise<void>;
}

export async function makeDatabase(server: TestServer): Promise<TestDatabase> {
  const suffix = randomBytes(5).toString('hex');
  const [database, username] = [`t_${suffix}`, `reader_${suffix}`];
  const password = randomBytes(12).toString('hex');
  const login = { host: server.host, port: server.port, user: server.username, password: server.password };
  const connect = async (name: string): Promise<pg.Client> => {
    const client = new pg.Client({ ...login, database: name });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const outside = async (...statements: string[]): Promise<void> => {
    const client = await connect('postgres');
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await outside(`create database ${database}`, `create role ${username} login password '${password}'`);
  const admin = await connect(database);
  return {
    database,
    username,
    connection: {
      type: 'postgresql',
      host: server.host,
      port: server.port,
      database,
      username,
      password,
      tls: { mode: 'disable' },
    },
    async run(...statements) {
      for (const statement of statements) await admin.query(statement);
      // A session tells its counts about once in a second otherwise.
      await admin.query('select pg_stat_force_next_flush()');
    },
    another: () => connect(database),
    async drop() {
      await admin.end();
      await outside(`drop database ${database} with (force)`, `drop role ${username}`);
    },
  };
}
