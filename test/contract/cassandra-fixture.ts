import { randomBytes } from 'node:crypto';
import { runCql } from '../servers/cql.js';
import type { TestServer } from '../servers/server-types.js';

export interface CassandraFixture {
  readonly keyspace: string;
  readonly username: string;
  readonly password: string;
  /** Runs statements as the administrator; `KS` stands for the keyspace, quoted. */
  readonly run: (...statements: readonly string[]) => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** A keyspace with what these statements make in it, and a role that may log in and no more. */
export async function makeKeyspace(
  server: TestServer,
  keyspace: string,
  statements: readonly string[],
): Promise<CassandraFixture> {
  const [username, password] = [`Reader ${randomBytes(4).toString('hex')}`, randomBytes(12).toString('hex')];
  const quoted = `"${keyspace.replaceAll('"', '""')}"`;
  const run = (...lines: readonly string[]): Promise<void> =>
    runCql(
      server,
      lines.map((line) => line.replaceAll('KS', quoted)),
    );
  await run(
    "CREATE KEYSPACE KS WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    ...statements,
    `CREATE ROLE "${username}" WITH PASSWORD = '${password}' AND LOGIN = true`,
  );
  return {
    ...{ keyspace, username, password, run },
    drop: () => run('DROP KEYSPACE KS', `DROP ROLE "${username}"`),
  };
}
