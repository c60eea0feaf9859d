import { expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describeOn, servers } from './servers.js';

describeOn(['postgres', 'mariadb', 'redis'], 'the test servers', () => {
  test('PostgreSQL speaks TLS under its own authority', async () => {
    const { host, port, username, password, tls } = await servers.postgres();
    const ssl = { ca: tls.ca };
    const client = new pg.Client({ host, port, user: username, password, database: 'postgres', ssl });
    await client.connect();
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    expect(rows).toEqual([{ ssl: true }]);
    await client.end();
  });

  test('MariaDB speaks TLS under its own authority', async () => {
    const { host, port, username, password, tls } = await servers.mariadb();
    const connection = await createConnection({ host, port, user: username, password, ssl: { ca: tls.ca } });
    const [rows] = await connection.query("SHOW STATUS LIKE 'Ssl_version'");
    expect(rows).toEqual([{ Variable_name: 'Ssl_version', Value: expect.stringMatching(/^TLSv1/) }]);
    await connection.end();
  });

  test('Redis speaks TLS under its own authority', async () => {
    const { host, tlsPort, username, password, tls } = await servers.redis();
    const client = new Redis({ host, port: tlsPort, username, password, tls: { ca: tls.ca } });
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });
});
