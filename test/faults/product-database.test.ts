import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApp } from '../../src/http-app.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { migrate } from '../../src/platform/database/migrate.js';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { TokenIssuer } from '../../src/rbac/token-issuer.js';
import { until } from '../support/until.js';

const ORG = '0198c0de-4444-7000-8000-000000000001';

describe('F14: the product database goes and comes back', () => {
  let folder: string;
  let database: EmbeddedPostgres;
  let app: NestFastifyApplication;
  let url: string;
  let authorization: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datawave-fault-'));
    database = await startEmbeddedPostgres({ dataDir: folder });
    await migrate(database.ownerUrl);
    const config = loadConfig({
      NODE_ENV: 'test',
      PORT: '0',
      METRICS_PORT: '0',
      DATA_DIR: folder,
      DATABASE_URL: database.ownerUrl,
      LOG_LEVEL: 'silent',
    });
    app = await createHttpApp(config);
    await app.listen({ host: '127.0.0.1', port: 0 });
    url = await app.getUrl();
    const token = await app
      .get(TokenIssuer)
      .issue({ orgId: ORG, userId: 'fault', roles: ['admin'], ttlS: 3_600 });
    authorization = `Bearer ${token}`;
  });

  afterAll(async () => {
    await app.close();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`, { headers: { authorization } });
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: await response.json(),
    };
  };
  const create = (name: string) =>
    fetch(`${url}/api/v1/data-sources`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ name, connection: { type: 'csv', file_path: `${name}.csv` } }),
    });

  it('answers 503 problems while it is away, stays alive, and serves again without a restart', async () => {
    expect((await create('before')).status).toBe(201);
    expect((await get('/health/ready')).status).toBe(200);

    await database.stop();
    const away = { code: 'DATABASE_UNAVAILABLE', status: 503, retryable: true };
    expect(await get('/api/v1/data-sources')).toMatchObject({ status: 503, retryAfter: '2', body: away });
    expect((await create('during')).status).toBe(503);
    expect((await get('/health/ready')).status).toBe(503);
    expect((await get('/health/live')).status).toBe(200);

    database = await startEmbeddedPostgres({ dataDir: folder });
    await until(
      async () => (await get('/health/ready')).status === 200,
      'the process is ready again',
      10_000,
    );
    const list = await get('/api/v1/data-sources');
    expect(list.body).toMatchObject({ total: 1, items: [{ name: 'before' }] });
    expect((await create('after')).status).toBe(201);
    // Work in the background goes on too: the test of the new source ends.
    await until(
      async () => JSON.stringify((await get('/api/v1/data-sources?q=after')).body).includes('"failed"'),
      'the new source was tested',
      20_000,
    );
  });
});
