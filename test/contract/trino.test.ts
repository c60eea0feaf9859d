import { describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { randomBytes } from 'node:crypto';
import { trino } from '../../src/connectors/drivers/trino.js';
import { TrinoLine } from '../../src/connectors/drivers/trino/line.js';
import type { TrinoTestServer } from '../servers/server-types.js';
import { describeOn, servers } from '../support/servers.js';
import {
  datasetsOf,
  discoverAll,
  EVERYTHING,
  faultOf,
  openSession,
  remember,
  type Connection,
} from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

/** Runs a statement as the administrator, over the port that wants no login. */
async function run({ host, port, username }: TrinoTestServer, sql: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const config = { type: 'trino' as const, host, port, username, tls: { mode: 'disable' as const } };
  const line = await TrinoLine.connect(config, { signal, locate: (where) => Promise.resolve(where) });
  await line.rows(sql, signal);
  await line.close();
}

const connectionOf = (
  { tlsPort, username, password, tls }: TrinoTestServer,
  login: Connection = { password },
): Connection => ({
  type: 'trino',
  host: 'localhost',
  port: tlsPort,
  username,
  ...login,
  tls: { ca: tls.ca },
});

async function setUp(): Promise<ContractSource> {
  const server = await servers.trino();
  const shop = `shop_${randomBytes(4).toString('hex')}`;
  for (const sql of [
    `CREATE SCHEMA memory.${shop}`,
    `CREATE SCHEMA memory.${shop}_empty`,
    `CREATE TABLE memory.${shop}.orders (
       id bigint COMMENT 'of the shop', total decimal(12,2), note varchar(20), placed_at timestamp(3) with time zone,
       tags array(varchar), address row(street varchar, "zip code" integer), prices map(varchar, double)
     ) COMMENT 'what was sold'`,
    `CREATE TABLE memory.${shop}."odd 'näme" (a tinyint)`,
    `CREATE TABLE memory.${shop}.customers (id uuid, born date)`,
    `CREATE VIEW memory.${shop}.big_orders AS SELECT id FROM memory.${shop}.orders WHERE total > 100`,
  ])
    await run(server, sql);
  return {
    connection: { ...connectionOf(server), catalog: 'memory' },
    network: {
      address: { host: server.host, port: server.tlsPort },
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { catalog: 'no_such_catalog' },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: [shop, `${shop}_empty`],
    datasets: ['orders', "odd 'näme", 'customers', 'big_orders'].map((name) => `${shop}.${name}`),
    filter: {
      include: [`${shop}.*o*`],
      exclude: ['*.big?orders'],
      leaves: [`${shop}.orders`, `${shop}.odd 'näme`, `${shop}.customers`],
    },
    check(found) {
      expect(found.get(`${shop}.orders`)).toMatchObject({
        kind: 'table',
        comment: 'what was sold',
        fields: [
          { name: 'id', native_type: 'bigint', type: 'integer', comment: 'of the shop', nullable: true },
          { name: 'total', type: 'decimal', precision: 12, scale: 2 },
          { name: 'note', type: 'string', max_length: 20 },
          { name: 'placed_at', type: 'timestamp_tz', native_type: 'timestamp(3) with time zone' },
          { name: 'tags', type: 'array' },
          {
            name: 'address',
            type: 'object',
            fields: [
              { name: 'street', type: 'string' },
              { name: 'zip code', type: 'integer' },
            ],
          },
          { name: 'prices', type: 'map' },
        ],
      });
      expect(found.get(`${shop}.big_orders`)).toMatchObject({
        kind: 'view',
        definition: expect.stringContaining('SELECT id') as unknown,
      });
    },
    async tearDown() {
      await run(server, `DROP SCHEMA memory.${shop}_empty`);
      for (const name of ['orders', '"odd \'näme"', 'customers'])
        await run(server, `DROP TABLE memory.${shop}.${name}`);
      await run(server, `DROP VIEW memory.${shop}.big_orders`);
      await run(server, `DROP SCHEMA memory.${shop}`);
    },
  };
}

describeConnector(trino, { server: 'trino', stateless: true, setUp });

describeOn('trino', 'trino beyond the contract', () => {
  test('takes an access token in place of a password, and refuses one of another key', async () => {
    const server = await servers.trino();
    const token = (key: Buffer): Promise<string> =>
      new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(server.username)
        .setExpirationTime('5m')
        .sign(key);
    const good = await token(Buffer.from(server.tokenKey, 'base64'));
    const bad = await token(randomBytes(32));
    remember(good, bad);
    const session = await openSession(trino, connectionOf(server, { access_token: good }));
    expect(session.server).toEqual({ product: 'Trino', version: '435' });
    await session.close();
    const refused = openSession(trino, connectionOf(server, { access_token: bad }));
    expect((await faultOf(refused)).code).toBe('AUTH_FAILED');
  });

  test('wants a password or a token, not both', async () => {
    const server = await servers.trino();
    const both = connectionOf(server, { password: 'p', access_token: 't' });
    const fault = await faultOf(openSession(trino, both));
    expect(fault.details.errors).toEqual([expect.objectContaining({ pointer: '/connection/access_token' })]);
  });

  describe('without a catalog', () => {
    test('discovers all of them, and the catalog is a part of the scope', async () => {
      const server = await servers.trino();
      const schema = `both_${randomBytes(4).toString('hex')}`;
      for (const catalog of ['memory', 'archive']) {
        await run(server, `CREATE SCHEMA ${catalog}.${schema}`);
        await run(server, `CREATE TABLE ${catalog}.${schema}.t (a bigint)`);
      }
      const session = await openSession(trino, connectionOf(server));
      const events = await discoverAll(session, { ...EVERYTHING, include: [`*.${schema}.*`] });
      await session.close();
      expect([...datasetsOf(events).keys()].sort()).toEqual([`archive.${schema}.t`, `memory.${schema}.t`]);
      for (const catalog of ['memory', 'archive']) {
        await run(server, `DROP TABLE ${catalog}.${schema}.t`);
        await run(server, `DROP SCHEMA ${catalog}.${schema}`);
      }
    });
  });
});
