import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { v4 as uuid } from 'uuid';
import { createHttpApp } from '../../src/http-app.js';
import { Config, loadConfig } from '../../src/platform/config/config.js';
import { MetricsServer } from '../../src/platform/telemetry/metrics-server.js';
import type { RoleName } from '../../src/rbac/permissions.js';
import { TokenIssuer } from '../../src/rbac/token-issuer.js';
import { makeProductDatabase, type ProductDatabase } from './product-database.js';

/** The whole product in this process, on a free port and a database of its own. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly config: Config;
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Where Prometheus text is served. */
  readonly metricsUrl: string;
  readonly database: ProductDatabase;
  /** An organization that nothing else uses. */
  readonly orgId: string;
  /** A bearer token; of the app's organization unless told. */
  token(role: RoleName, orgId?: string, userId?: string): Promise<string>;
  /** Calls the API as a role of the app's organization, or with a token; a body is sent as JSON. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly as?: RoleName;
  readonly token?: string;
  readonly orgId?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON, the text otherwise. */
  readonly body: unknown;
  readonly text: string;
}

/** @param env overrides of the environment, such as `EGRESS_ALLOW`. */
export async function startApp(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'datawave-test-'));
  const database = await makeProductDatabase();
  const read = loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    METRICS_PORT: '0',
    // Tests ask more than people do; the limit has tests of its own.
    PROBES_PER_MINUTE: '100000',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    LOG_LEVEL: 'error',
    LOG_FORMAT: 'json',
    ...env,
  });
  // One PostgreSQL serves the tests as the product's own database and as a source, as the embedded one does.
  const config = new Config(Object.assign({}, read, { embedded: true }));
  const app = await createHttpApp(config);
  await app.listen({ host: config.host, port: 0 });
  const metricsPort = await app.get(MetricsServer).start();
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const orgId = uuid();
  const token: TestApp['token'] = (role, org = orgId, userId = `${role}@test.example`) =>
    app.get(TokenIssuer).issue({ orgId: org, userId, roles: [role], ttlS: 3_600 });
  return {
    app,
    config,
    url,
    metricsUrl: `http://127.0.0.1:${String(metricsPort)}/metrics`,
    database,
    orgId,
    token,
    async call(method, path, { as = 'admin', token: given, orgId: org, body, headers = {} } = {}) {
      const response = await fetch(
        `${url}${path.startsWith('/api') || path.startsWith('/health') ? '' : '/api/v1'}${path}`,
        {
          method,
          redirect: 'manual',
          headers: {
            authorization: `Bearer ${given ?? (await token(as, org))}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        },
      );
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson ? JSON.parse(text) : text,
      };
    },
    async stop() {
      await app.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
