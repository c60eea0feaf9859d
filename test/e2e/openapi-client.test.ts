import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { servers } from '../support/servers.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** As strict as a compiler gets; the generated types stand beside the flow. */
const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    types: ['node'],
    outDir: 'out',
  },
  files: ['flow.ts'],
};

describe('a client that is generated from openapi.json', () => {
  let app: TestApp;
  let folder: string;

  beforeAll(async () => {
    app = await startApp();
    folder = await mkdtemp(join(tmpdir(), 'datawave-client-'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await copyFile(join(ROOT, 'test/fixtures/openapi-client/flow.ts'), join(folder, 'flow.ts'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  });

  afterAll(async () => {
    await app.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('compiles, and walks from the creation of a PostgreSQL source to its deletion', async () => {
    const program = (path: string): string => join(ROOT, 'node_modules', path);
    const { execPath: node } = process;
    await run(node, [
      program('openapi-typescript/bin/cli.js'),
      join(ROOT, 'openapi.json'),
      '-o',
      join(folder, 'api.d.ts'),
    ]);
    const compiled = await run(node, [program('typescript/bin/tsc'), '-p', folder]).catch(
      (error: unknown) => error,
    );
    expect(compiled).toMatchObject({ stdout: '' });

    const { host, port, username, password } = await servers.postgres();
    const source = new Client({ host, port, user: username, password, database: 'postgres' });
    await source.connect();
    await source.query(
      'DROP SCHEMA IF EXISTS client_flow CASCADE; CREATE SCHEMA client_flow; CREATE TABLE client_flow.orders (id bigint PRIMARY KEY, placed timestamptz, total numeric(12,2))',
    );
    await source.end();
    const { stdout } = await run(node, [join(folder, 'out/flow.js')], {
      env: {
        PATH: process.env.PATH,
        API_URL: app.url,
        TOKEN: await app.token('admin'),
        SOURCE: JSON.stringify({ host, port, username, password }),
      },
    });
    expect(JSON.parse(stdout)).toEqual({
      created: 201,
      location: true,
      status: 'active',
      place: host,
      poolSize: 5,
      // Without TLS a source works, and the test warns.
      outcome: 'degraded',
      steps: expect.arrayContaining(['config', 'secret', 'tcp', 'auth', 'database']),
      started: 202,
      run: 'succeeded',
      columns: ['orders.id integer', 'orders.placed timestamp_tz', 'orders.total decimal'],
      health: 'healthy',
      description: 'Changed by a generated client',
      owner: null,
      stale: [412, 'VERSION_MISMATCH'],
      listed: ['From a generated client'],
      removed: 204,
      gone: 'NOT_FOUND',
    });
  }, 180_000);
});
