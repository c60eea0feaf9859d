import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Redis } from 'ioredis';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redis } from '../../src/connectors/drivers/redis.js';
import { datasets as redisDatasets } from '../../src/connectors/drivers/redis/redis-discovery.js';
import { RedisLine } from '../../src/connectors/drivers/redis/redis-line.js';
import { PEEKS } from '../../src/connectors/families/records/records-driver.js';
import { openSocket } from '../../src/connectors/spi/index.js';
import { startRedis } from '../servers/redis.js';
import type { RedisTestServer, Running } from '../servers/server-types.js';
import { describeOn } from '../support/servers.js';
import { anywhere, datasetsOf, discoverAll, EVERYTHING, faultOf, openSession } from './contract-source.js';

// A server of its own: what is in its databases must be known to the last key.
describeOn('redis', 'discovery of Redis', () => {
  let folder: string;
  let running: Running<RedisTestServer>;
  let admin: Redis;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'test-redis-'));
    running = await startRedis(folder);
    const { host, port, password } = running.server;
    admin = new Redis({ host, port, password });
    await admin.set('alone', '1');
    await admin.select(5);
    await admin.set(Buffer.from([0xff, 0xfe, 0x3a, 0x31]), 'binary key');
    await admin.set('big', 'x'.repeat(1_000_000));
    await admin.hset(
      'wide',
      Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`f${String(at)}`, at])),
    );
    await admin.set(`long:${'k'.repeat(5_000)}`, '1');
  });
  afterAll(async () => {
    admin.disconnect();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (more: object = {}) =>
    openSession(redis, {
      type: 'redis',
      host: running.server.host,
      port: running.server.port,
      password: running.server.password,
      tls: { mode: 'disable' },
      ...more,
    });

  test('without a database all that hold keys are scopes; with one, that one', async () => {
    const session = await open();
    const all = await discoverAll(session);
    await session.close();
    expect(all.flatMap((event) => (event.event === 'scope_ended' ? [event.scope] : []))).toEqual([
      'db0',
      'db5',
    ]);
    const one = await open({ database: 7 });
    const empty = await discoverAll(one);
    await one.close();
    expect(empty).toEqual([
      { event: 'scope_started', scope: 'db7' },
      { event: 'scope_ended', scope: 'db7', status: 'complete' },
    ]);
  });

  test('large values are not read, and keys that are no text are found', async () => {
    const session = await open({ database: 5 });
    const found = datasetsOf(await discoverAll(session));
    await session.close();
    expect(found.get('db5.big')).toMatchObject({ fields: [], properties: { key_types: ['string'] } });
    expect(found.get('db5.big')?.size_bytes).toBeGreaterThan(1_000_000);
    expect(found.get('db5.wide')).toMatchObject({ fields: [], properties: { key_types: ['hash'] } });
    expect([...found.values()].some(({ properties }) => properties?.sampled_keys === 1)).toBe(true);
    expect(found.size).toBe(4);
  });

  test('a bound that cuts the scan makes the scope partial, with the reason', async () => {
    const { host, port, password } = running.server;
    await admin.select(9);
    const batch = admin.pipeline();
    for (let at = 0; at < 3_000; at += 1) batch.set(`k:${String(at)}`, '1');
    await batch.exec();
    const { signal } = new AbortController();
    const socket = await openSocket({ host, port }, { signal, locate: anywhere });
    const { AbstractConnector } = await import('ioredis');
    const line = await RedisLine.over({ Redis, AbstractConnector }, socket, 9);
    await line.run((client) => client.auth(password));
    for (const [bound, name] of [
      [{ maxListed: 500 }, 'keys'],
      [{ maxBytes: 5_000 }, 'bytes'],
      [{ maxMs: 0 }, 'time'],
    ] as const) {
      const read = redisDatasets(line, 'db9', { ...PEEKS.balanced, batch: 100, signal, ...bound });
      const first = await read.next();
      expect(first.value).toMatchObject({ name: 'k:{id}' });
      expect(await read.next()).toMatchObject({
        done: true,
        value: { reason: expect.stringContaining(name) },
      });
    }
    await line.close();
  });

  describe('an account', () => {
    const account = async (...rules: string[]): Promise<{ username: string; password: string }> => {
      const [username, password] = [`u${randomBytes(4).toString('hex')}`, randomBytes(12).toString('hex')];
      await admin.call('ACL', 'SETUSER', username, 'on', `>${password}`, ...rules);
      return { username, password };
    };

    test('that may do nothing opens, and its discovery is PERMISSION_DENIED; the remedy mends it', async () => {
      const login = await account();
      const session = await open(login);
      expect(session.server.product).toBe('Redis');
      await session.ping(AbortSignal.timeout(5_000));
      expect((await faultOf(discoverAll(session))).code).toBe('PERMISSION_DENIED');
      const remedy = redis.remedy?.('PERMISSION_DENIED', {
        type: 'redis',
        host: running.server.host,
        ...login,
      });
      const [command = '', ...rest] = (remedy?.sql?.[0] ?? '').split(' ');
      await admin.call(command, ...rest);
      expect(datasetsOf(await discoverAll(session)).size).toBeGreaterThan(4);
      await session.close();
    });

    test('that may list and not look inside still finds the groups', async () => {
      const session = await open(await account('~*', '+scan', '+select', '+ping'));
      const found = datasetsOf(await discoverAll(session, { ...EVERYTHING, include: ['db0.*'] }));
      await session.close();
      expect(found.get('db0.alone')).toMatchObject({ row_estimate: 1, fields: [] });
    });

    test('without a password on a server that wants one is AUTH_FAILED', async () => {
      const { host, port } = running.server;
      const connection = { type: 'redis', host, port, tls: { mode: 'disable' } };
      expect((await faultOf(openSession(redis, connection))).code).toBe('AUTH_FAILED');
    });
  });
});
