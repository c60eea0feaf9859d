import { request } from 'node:https';
import pg from 'pg';
import { createConnection } from 'mysql2/promise';
import type {
  ClickhouseTestServer,
  PgBouncerTestServer,
  TestServer,
  TrinoTestServer,
} from '../../servers/server-types.js';
import type { Check } from './check.js';

export const postgres: Check<TestServer> = {
  accepted: async ({ host, port, username, password, tls }) => {
    const client = new pg.Client({
      host,
      port,
      user: username,
      password,
      database: 'postgres',
      ssl: { ca: tls.ca },
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (
        await client.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      ).rows;
    } finally {
      await client.end();
    }
  },
  expected: [{ ssl: true }],
  refused: (server) => postgres.accepted({ ...server, password: 'wrong' }),
};

/** What shows that the connection has TLS: MariaDB and MySQL keep it in different places, but both show it. */
export const mysql: Check<TestServer> = {
  accepted: async ({ host, port, username, password, tls }) => {
    const connection = await createConnection({ host, port, user: username, password, ssl: { ca: tls.ca } });
    try {
      const [rows] = await connection.query("SHOW STATUS LIKE 'Ssl_version'");
      return JSON.stringify(rows).includes('TLSv1');
    } finally {
      connection.destroy();
    }
  },
  expected: true,
  refused: (server) => mysql.accepted({ ...server, password: 'wrong' }),
};

/** MySQL 5.7, which has no TLS that would be taken. */
export const mysqlWithoutTls: Check<TestServer> = {
  accepted: async ({ host, port, username, password }) => {
    const connection = await createConnection({ host, port, user: username, password });
    try {
      const [rows] = await connection.query('SELECT VERSION() AS version');
      return (rows as { version: string }[])[0]?.version.slice(0, 3);
    } finally {
      connection.destroy();
    }
  },
  expected: '5.7',
  refused: (server) => mysqlWithoutTls.accepted({ ...server, password: 'wrong' }),
};

export const pgbouncer: Check<PgBouncerTestServer> = {
  accepted: async ({ host, port, username, password, tls }) => {
    const client = new pg.Client({
      host,
      port,
      user: username,
      password,
      database: 'pgbouncer',
      ssl: { ca: tls.ca },
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<{ version: string }>('SHOW VERSION')).rows.length;
    } finally {
      await client.end();
    }
  },
  expected: 1,
  refused: (server) => pgbouncer.accepted({ ...server, password: 'wrong' }),
};

export const clickhouse: Check<ClickhouseTestServer> = {
  accepted: async ({ host, port, username, password }) => {
    const url = `http://${host}:${String(port)}/?query=SELECT+1`;
    const headers = { 'x-clickhouse-user': username, 'x-clickhouse-key': password };
    return (await fetch(url, { headers })).status;
  },
  expected: 200,
  refused: (server) => clickhouse.accepted({ ...server, password: 'wrong' }),
};

export const trino: Check<TrinoTestServer> = {
  accepted: ({ host, tlsPort, username, password, tls }) =>
    new Promise((resolve, reject) => {
      const auth = `${username}:${password}`;
      const asked = request({ host, port: tlsPort, path: '/v1/statement', method: 'POST', auth, ca: tls.ca });
      asked.once('error', reject).once('response', (answer) => resolve(answer.resume().statusCode));
      asked.end('SELECT 1');
    }),
  expected: 200,
  refused: (server) => trino.accepted({ ...server, password: 'wrong' }),
};
