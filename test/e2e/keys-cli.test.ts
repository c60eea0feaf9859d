import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Fernet } from '../../src/credentials/fernet.js';
import { call } from '../support/http-client.js';
import { makeDatabase, type TestDatabase } from '../support/postgresql-database.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';
import { startProductProcess } from '../support/product-process.js';
import { servers } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const FIRST = 'first-0123456789abcdef0123456789abcdef01';
const SECOND = 'second-0123456789abcdef0123456789abcdef0';
const JWT = 'jwt-0123456789abcdef0123456789abcdef0123';

let product: ProductDatabase;
let source: TestDatabase;
/** In front of the source: its server is the product's own too, which no source may name. */
let proxy: TcpProxy;
let folder: string;
const orgId = randomUUID();

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** `npm run keys -- …` without the build. */
async function keys(appSecret: string, ...args: string[]): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      new URL('../support/typescript.mjs', import.meta.url).href,
      fileURLToPath(new URL('../../src/cli/keys.ts', import.meta.url)),
      ...args,
    ],
    {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'test',
        DATABASE_URL: product.ownerUrl,
        DATA_DIR: folder,
        APP_SECRET: appSecret,
        JWT_SECRET: JWT,
        EGRESS_ALLOW: '127.0.0.0/8',
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

beforeAll(async () => {
  product = await makeProductDatabase();
  const server = await servers.postgres();
  source = await makeDatabase(server);
  proxy = await TcpProxy.start(server);
  folder = mkdtempSync(join(tmpdir(), 'keys-cli-'));
}, 120_000);
afterAll(async () => {
  await proxy.stop();
  await source.drop();
  await product.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('npm run keys', () => {
  test('ends with one line where it cannot start', async () => {
    expect(await keys(FIRST, 'status')).toEqual({
      code: 1,
      output: '✖ --org must be the UUID of an organization.\n',
    });
    expect((await keys('short', 'rewrap')).output).toMatch(
      /^✖ The configuration is not valid:\n.*APP_SECRET must have at least 32 bytes/,
    );
  }, 60_000);

  test('brings secrets over, rotates, wraps anew and destroys, with the product running or not', async () => {
    const app = await startProductProcess({
      database: product,
      environment: { APP_SECRET: FIRST, JWT_SECRET: JWT, EGRESS_ALLOW: '127.0.0.0/8' },
    });
    const token = await app.token('admin', orgId);
    const path = `${app.url}/api/v1/data-sources`;
    try {
      const made = await call(path, 'POST', {
        token,
        body: { name: 'shop', connection: { ...source.connection, port: proxy.port } },
      });
      expect(made.status).toBe(201);
      const id = String(made.json.id);
      expect((await keys(FIRST, 'status', '--org', orgId)).output).toBe('key 1: active, 1 secrets\n');

      await source.run(`ALTER ROLE ${source.username} PASSWORD 'brought-over-1'`);
      const seed = new Fernet(createHash('sha256').update(FIRST).digest());
      const line = (dataSource: string, secret: string): string =>
        JSON.stringify({ data_source: dataSource, secrets: { password: seed.seal(Buffer.from(secret)) } });
      const file = join(folder, 'secrets.ndjson');
      writeFileSync(
        file,
        [
          line(id, 'brought-over-1'),
          line(id, 'wrong-secret-2'),
          line(randomUUID(), 'x'),
          JSON.stringify({ data_source: id, secrets: { password: 'plain-secret-3' } }),
          'no json {secret-4',
        ].join('\n'),
      );
      const imported = await keys(FIRST, 'import', '--org', orgId, '--file', file);
      expect(imported.code).toBe(1);
      expect(imported.output.match(/^[✔✖].*$/gm)).toEqual([
        `✔ ${id}`,
        expect.stringMatching(/^✖ line 2: The source refused the credentials/),
        expect.stringMatching(/^✖ line 3: There is no such data source/),
        '✖ line 4: No APP_SECRET opens the token of password.',
        expect.stringMatching(/^✖ line 5: This is not /),
      ]);
      expect(imported.output).not.toMatch(/brought-over-1|secret-[234]/);
      // What it warns of is the login without TLS.
      const tested = await call(`${path}/${id}/test`, 'POST', { token });
      expect(tested.json).toMatchObject({ outcome: 'degraded' });

      const rotated = await keys(FIRST, 'rotate', '--org', orgId);
      expect(rotated).toMatchObject({
        code: 0,
        output: expect.stringContaining('✔ All secrets are under key 2'),
      });
      expect((await call(`${path}/${id}/test`, 'POST', { token })).json).toMatchObject({
        outcome: 'degraded',
      });
    } finally {
      await app.stop();
    }
    const again = await keys(FIRST, 'rotate', '--org', orgId);
    expect(again).toMatchObject({
      code: 0,
      output: expect.stringContaining('✔ All secrets are under key 3'),
    });

    const wrapped = await keys(`${SECOND},${FIRST}`, 'rewrap');
    expect(wrapped.output).toContain('3 keys of 1 organizations');
    expect(wrapped.code).toBe(0);
    expect((await keys(SECOND, 'status', '--org', orgId)).output).toContain('key 3: active, 1 secrets\n');

    expect((await keys(SECOND, 'destroy', '--org', orgId, '--version', '3')).output).toContain(
      'Rotate the key first',
    );
    const destroyed = await keys(SECOND, 'destroy', '--org', orgId, '--version', '1');
    expect(destroyed).toMatchObject({ code: 0, output: expect.stringContaining('Key 1 is destroyed') });
    expect((await keys(SECOND, 'status', '--org', orgId)).output).toContain('key 1: destroyed, 0 secrets\n');
  }, 180_000);
});
