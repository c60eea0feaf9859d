import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Canaries } from '../support/canaries.js';
import { call, type Answer, type Call } from '../support/http-client.js';
import { queryOnce } from '../support/product-database.js';
import { startProductProcess, type ProductProcess } from '../support/product-process.js';
import { describeOn, servers } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const ORG = '0197f000-0000-7000-8000-00000000000a';

interface Field {
  readonly type?: string;
  readonly properties?: Record<string, Field>;
  readonly writeOnly?: boolean;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
}
interface TypeView {
  readonly type: string;
  readonly spec: Field & { readonly required?: readonly string[] };
}
type Json = Record<string, unknown>;

const canaries = new Canaries();
let app: ProductProcess;
let admin: string;
let types: TypeView[];
let proxy: TcpProxy;
/** A login on the test server whose password is a canary, so that one source works. */
let working: { readonly connection: Json; readonly login: string };

/** Where each answer came from, and all of it. */
const seen: { readonly where: string; readonly answer: Answer }[] = [];

async function api(path: string, method = 'GET', options: Call = {}): Promise<Answer> {
  const answer = await call(`${app.url}/api/v1${path}`, method, { token: admin, ...options });
  seen.push({ where: `${method} ${path} ${String(answer.status)}`, answer });
  return answer;
}

/** A connection of the type: every secret field holds a canary, everything else leads nowhere. */
function connectionOf({ type, spec }: TypeView, label: string): Json {
  const fill = (field: Field, path: string): unknown => {
    // Of the blocks only TLS is filled in: most others exclude a plain login.
    if (field.properties && path !== '' && path !== '.tls') return undefined;
    if (field.properties)
      return Object.fromEntries(
        Object.entries(field.properties).flatMap(([name, inner]) => {
          const value = fill(inner, `${path}.${name}`);
          return value === undefined ? [] : [[name, value]];
        }),
      );
    if (field.const !== undefined) return field.const;
    if (field.writeOnly === true) {
      const canary = canaries.make(`${label} ${path}`);
      return field.pattern?.includes('BEGIN') === true
        ? `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n`
        : canary;
    }
    const required = spec.required?.includes(path.slice(1)) === true;
    if (path === '.host') return '127.0.0.1';
    if (path === '.port') return 1;
    if (!required) return undefined;
    return field.type === 'string' ? 'orders.csv' : undefined;
  };
  return { ...(fill(spec, '') as Json), type };
}

beforeAll(async () => {
  app = await startProductProcess({
    environment: {
      APP_SECRET: `${canaries.make('APP_SECRET new')},${canaries.make('APP_SECRET old')}`,
      JWT_SECRET: canaries.make('JWT_SECRET'),
    },
  });
  canaries.watch('database password', new URL(app.database.ownerUrl).password);
  admin = await app.token('admin', ORG);
  canaries.watch('access token', admin);
  canaries.watch('signature of the access token', admin.split('.')[2] ?? '');
  types = (await api('/data-sources/types')).json.items as TypeView[];
  // By another address: the product refuses its own database as a source.
  proxy = await TcpProxy.start(await servers.postgres());
  const { host, port } = proxy;
  const login = `canary_${randomUUID().slice(0, 8)}`;
  const password = canaries.make('working password');
  await queryOnce(app.database.superuserUrl, `CREATE ROLE ${login} LOGIN PASSWORD '${password}'`);
  const database = new URL(app.database.superuserUrl).pathname.slice(1);
  working = {
    login,
    connection: {
      type: 'postgresql',
      host,
      port,
      database,
      username: login,
      password,
      tls: { mode: 'disable' },
    },
  };
  mkdirSync(join(app.filesRoot, ORG), { recursive: true });
  writeFileSync(join(app.filesRoot, ORG, 'orders.csv'), 'id,name\n1,one\n2,two\n');
}, 120_000);

afterAll(async () => {
  const { superuserUrl } = app.database;
  await queryOnce(superuserUrl, `DROP ROLE ${working.login}`).catch(() => undefined);
  await app.stop();
  await proxy.stop();
});

describe('secrets', () => {
  const made: string[] = [];
  /** Of each type that took its connection. */
  const idOf = new Map<string, string>();
  /** One of each family, and the ones that work: every route is called for each of them. */
  const some = (): string[] => [
    ...['postgresql', 'mysql', 'sqlserver', 'redis', 'csv'].map((type) => idOf.get(type) ?? ''),
    made.at(-1) ?? '',
  ];

  async function create(connection: Json, name: string = randomUUID()): Promise<Answer> {
    const answer = await api('/data-sources', 'POST', { body: { name, connection } });
    if (answer.status === 201) made.push(answer.json.id as string);
    return answer;
  }

  test('go in with sources of every type', async () => {
    for (const type of types) {
      const { status, json } = await create(connectionOf(type, type.type));
      // A type that wants a whole key or one way to log in refuses these: such an answer is searched like any other.
      expect([type.type, [201, 422].includes(status)]).toEqual([type.type, true]);
      if (status === 201) idOf.set(type.type, json.id as string);
      // Nothing is dialled that is not on this machine.
      if ('host' in (type.spec.properties ?? {}) || type.type === 'csv')
        await api('/data-sources/test', 'POST', {
          body: { connection: connectionOf(type, `test of ${type.type}`) },
        });
    }
    expect([...idOf.keys()]).toEqual(
      expect.arrayContaining([
        'postgresql',
        'mysql',
        'mariadb',
        'sqlserver',
        'clickhouse',
        'redis',
        'csv',
        'json',
      ]),
    );
    const { json } = await create(working.connection, 'working');
    const id = json.id as string;
    await until(async () => (await api(`/data-sources/${id}`)).json.status === 'active', 'it works', 15_000);
    const run = await api(`/data-sources/${id}/discover-schema`, 'POST', { body: { mode: 'full' } });
    const path = `/data-sources/${id}/discovery-runs/${run.json.run_id as string}`;
    await until(
      async () => ['succeeded', 'partial'].includes(String((await api(path)).json.state)),
      'it is discovered',
      20_000,
    );
    await api(`${path}/events`);
  }, 90_000);

  test('are changed, rightly and wrongly', async () => {
    for (const id of some()) {
      const secret = canaries.make('new password');
      for (const body of [
        { password: secret },
        { password: [secret] },
        { password: { value: secret } },
        { unknown: secret },
        { tls: { client_key: secret } },
        { tls: secret },
        `{"password": "${secret}`,
        `"${secret}"`,
        `{"password":"${secret}","__proto__":{"x":"${secret}"}}`,
      ])
        await api(`/data-sources/${id}/credentials`, 'PATCH', { body });
      const host = canaries.make('host');
      for (const connection of [
        { host: `user:${host}@127.0.0.1` },
        { host: `postgres://user:${host}@127.0.0.1/shop` },
        { host: '127.0.0.2', port: 2 },
        { unknown: secret },
        { type: secret },
        { port: secret },
        { password: secret, tls: { mode: secret, ca: secret } },
      ]) {
        await api(`/data-sources/${id}`, 'PATCH', { body: { connection } });
        await api(`/data-sources/${id}/test`, 'POST', { body: { connection } });
      }
      await api(`/data-sources/${id}/test`, 'POST');
      await api(`/data-sources/${id}/retry`, 'POST');
      await api(`/data-sources/${id}`, 'PATCH', {
        body: { connection: { password: secret } },
        headers: { 'content-type': 'text/plain' },
      });
    }
    const password = canaries.make('second working password');
    await queryOnce(app.database.superuserUrl, `ALTER ROLE ${working.login} PASSWORD '${password}'`);
    working = { ...working, connection: { ...working.connection, password } };
    const id = made.at(-1) ?? '';
    // The old one is wrong by now: the source itself says no.
    await api(`/data-sources/${id}/test`, 'POST');
    expect((await api(`/data-sources/${id}/credentials`, 'PATCH', { body: { password } })).status).toBe(200);
  }, 90_000);

  test('are in requests that fail inside', async () => {
    const connection = { ...working.connection, password: canaries.make('password of a failing request') };
    const superuser = (sql: string): Promise<unknown> => queryOnce(app.database.superuserUrl, sql);
    await create(connection, 'working');
    // PostgreSQL puts the whole row into the detail of such an error, TypeORM all parameters.
    await superuser(`ALTER TABLE credentials ADD CONSTRAINT fail CHECK (field <> 'password') NOT VALID`);
    expect((await create(connection)).status).toBe(500);
    await superuser('ALTER TABLE credentials DROP CONSTRAINT fail');
    await superuser(
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', NEW; END $$;
       CREATE TRIGGER fail BEFORE INSERT ON credentials FOR EACH ROW EXECUTE FUNCTION fail()`,
    );
    expect((await create(connection)).status).toBe(500);
    await superuser('DROP TRIGGER fail ON credentials; DROP FUNCTION fail()');
    // A ciphertext that was damaged, then one of another row.
    const id = made.at(-1) ?? '';
    await superuser(
      `UPDATE credentials SET token = overlay(token placing 'AAAA' from 60) WHERE data_source_id = '${id}'`,
    );
    await api(`/data-sources/${id}/test`, 'POST');
  });

  test('are in unusual places of requests', async () => {
    const stray = canaries.make('stray secret');
    await api(`/data-sources?q=${stray}&unknown=${stray}&status=${stray}`);
    await api(`/data-sources/${stray}`);
    await api(`/nowhere/${stray.slice(0, 20)}`);
    await call(`${app.url}/api/v1/data-sources`, 'GET', { token: `x.${stray}.y` });
    await api('/data-sources', 'POST', {
      body: { name: 'x', connection: { type: 'postgresql' }, unknown: stray },
      headers: { 'x-secret': stray, cookie: `session=${stray}`, 'x-request-id': 'r', 'user-agent': 'agent' },
    });
  });

  test('are not lost on any other route', async () => {
    const { json } = await call(`${app.url}/docs-json`);
    const paths = json.paths as Record<string, Record<string, unknown>>;
    const file = idOf.get('csv') ?? '';
    expect((await api(`/data-sources/${file}/file-url`)).status).toBe(200);
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        if (method === 'delete' || path.includes('/events')) continue;
        for (const id of path.includes('{data_source_id}') ? some() : ['']) {
          const filled = path
            .replace('{data_source_id}', id)
            .replace('{type}', 'postgresql')
            .replace(/\{\w+\}/, randomUUID())
            .replace('/api/v1', '');
          if (filled.startsWith('/health')) await call(app.url + filled);
          else await api(filled, method.toUpperCase(), method === 'get' ? {} : { body: {} });
        }
      }
    }
    for (const id of some()) {
      await api(`/data-sources/${id}`, 'DELETE');
      await api(`/data-sources/${id}/restore`, 'POST');
    }
  }, 120_000);

  test('are in no body and no header of any answer', () => {
    expect(seen.length).toBeGreaterThan(200);
    expect(new Set(seen.map(({ answer }) => answer.status)).size).toBeGreaterThan(6);
    for (const { where, answer } of seen) {
      const headers = [...answer.headers].map((pair) => pair.join(': ')).join('\n');
      // What a client puts into a path comes back as `instance`; that is no leak of ours.
      const text = where.includes('canary') ? answer.text.replace(/"instance":"[^"]*"/, '') : answer.text;
      expect([where, canaries.in(`${headers}\n${text}`)]).toEqual([where, []]);
      expect([where, text.includes('gAAAAA')]).toEqual([where, false]);
    }
  });

  test('nor is anything of the inside in an answer that is an error', () => {
    const inside =
      /node_modules|\bat \S+ \(|\.[tj]s:\d|SELECT |INSERT |UPDATE |\/src\/|organization_keys|credentials_pkey|datawave_app/;
    for (const { where, answer } of seen) {
      if (answer.status < 400) continue;
      expect([where, answer.headers.get('content-type')]).toEqual([
        where,
        'application/problem+json; charset=utf-8',
      ]);
      expect([where, answer.json.code, answer.json.request_id]).toEqual([
        where,
        expect.stringMatching(/^[A-Z_]+$/),
        answer.headers.get('x-request-id'),
      ]);
      expect([where, inside.exec(answer.text)?.[0]]).toEqual([where, undefined]);
    }
  });

  test('are in no metric and no document', async () => {
    const scraped = await call(app.metricsUrl);
    expect([scraped.status, scraped.text.length > 1_000]).toEqual([200, true]);
    const document = await call(`${app.url}/docs-json`);
    for (const { text } of [scraped, document]) expect(canaries.in(text)).toEqual([]);
    const secrets = [...document.text.matchAll(/\{[^{}]*"writeOnly":true[^{}]*\}/g)].map(([field]) => field);
    expect(secrets.length).toBeGreaterThan(3);
    for (const field of secrets) {
      expect(field).toContain('"format":"password"');
      expect(field).not.toMatch(/"(example|examples|default)":/);
    }
  });

  test('are in no table, and as text not among the credentials either', async () => {
    const rows = await queryOnce<{ name: string }>(
      app.database.superuserUrl,
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
    );
    const found: Record<string, number> = {};
    for (const { name } of rows) {
      const dump = await queryOnce<{ row: string }>(
        app.database.superuserUrl,
        `SELECT t::text AS row FROM ${name} t`,
      );
      const text = dump.map(({ row }) => row).join('\n');
      found[name] = dump.length;
      expect([name, canaries.in(text)]).toEqual([name, []]);
      if (name !== 'credentials') expect([name, text.includes('gAAAAA')]).toEqual([name, false]);
    }
    for (const name of ['data_sources', 'credentials', 'organization_keys', 'audit_events'])
      expect([name, (found[name] ?? 0) > 0]).toEqual([name, true]);
  });

  test('are in no line that the process has written', () => {
    // A signed URL is as good as a token while it lasts.
    for (const { answer } of seen) {
      const signed = /\/api\/v1\/files\/([\w.-]+)/.exec(answer.text)?.[1];
      if (signed !== undefined) canaries.watch('signed URL', signed);
    }
    const before = app.output();
    expect(before.split('\n').length).toBeGreaterThan(200);
    expect(before).toContain('"http.failed"');
    const leaks = before
      .split('\n')
      .map((line) => [canaries.in(line), line])
      .filter(([hits]) => (hits?.length ?? 0) > 0);
    expect(leaks).toEqual([]);
    expect(before).not.toMatch(/gAAAAA|Failing row|INSERT INTO|DETAIL/);
  });
});

/** Every value under a key, whatever its kind. */
function valueOf(redis: Redis, key: string, kind: string): Promise<unknown> {
  switch (kind) {
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, 0, -1);
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return redis.get(key);
  }
}

describeOn('redis', 'secrets with jobs on Redis', () => {
  test('are in no key of Redis', async () => {
    const { host, port, username, password } = await servers.redis();
    const url = `redis://${username}:${canaries.watch('Redis password', password)}@${host}:${String(port)}`;
    const product = await startProductProcess({ environment: { REDIS_URL: url } });
    const redis = new Redis(url);
    try {
      const token = await product.token('admin', ORG);
      const sources = `${product.url}/api/v1/data-sources`;
      const body = { name: 'queued', connection: working.connection };
      const source = `${sources}/${(await call(sources, 'POST', { token, body })).json.id as string}`;
      const status = async (): Promise<unknown> => (await call(source, 'GET', { token })).json.status;
      await until(async () => (await status()) === 'active', 'it is tested', 15_000);
      const run = await call(`${source}/discover-schema`, 'POST', { token, body: { mode: 'full' } });
      expect(run.status).toBe(202);
      await until(async () => (await redis.keys('*')).length > 0, 'Redis is used', 15_000);
      for (const key of await redis.keys('*')) {
        const value = JSON.stringify(await valueOf(redis, key, await redis.type(key)));
        expect([key, canaries.in(key + value)]).toEqual([key, []]);
      }
      expect(canaries.in(product.output())).toEqual([]);
    } finally {
      redis.disconnect();
      await product.stop();
    }
  }, 120_000);
});
