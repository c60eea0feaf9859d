import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROLE_NAMES, ROLES, type Permission } from '../../src/rbac/permissions.js';
import { call, type Answer } from '../support/http-client.js';
import { nowhere } from '../support/nowhere.js';
import { startProductProcess, type ProductProcess } from '../support/product-process.js';

const MINE = '0197f000-0000-7000-8000-00000000000a';
const THEIRS = '0197f000-0000-7000-8000-00000000000b';

interface Route {
  readonly permission: Permission | 'public';
  /** A body that passes the validation; the route must be refused for its caller, not for its body. */
  readonly body?: unknown;
  /** What a caller who may gets, where that depends on what came before; any 2xx otherwise. */
  readonly answers?: readonly number[];
}

const CONNECTION = nowhere('p-0d7f3a');
const UNTIL = new Date(Date.now() + 3_600_000).toISOString();
const read = { permission: 'data_sources:read' } as const;
const update = { permission: 'data_sources:update' } as const;

/** Every operation of the API, by its id. A new route without an entry fails the first test. */
const ROUTES: Readonly<Record<string, Route>> = {
  get_liveness: { permission: 'public' },
  get_readiness: { permission: 'public' },
  download_file: { permission: 'public' },
  list_audit_events: { permission: 'audit:read' },
  get_egress_policy: { permission: 'egress:read' },
  replace_egress_policy: { permission: 'egress:manage', body: { mode: 'deployment' } },
  check_egress: { permission: 'data_sources:test', body: { host: '127.0.0.1', port: 1 } },
  get_organization_keys: { permission: 'keys:read' },
  rotate_organization_key: { permission: 'keys:manage' },
  rewrap_organization_keys: { permission: 'keys:manage' },
  // 409 while the secrets of the first key are not yet under the second one.
  destroy_organization_key: { permission: 'keys:manage', answers: [204, 409] },
  list_data_source_types: read,
  get_data_source_type: read,
  get_data_source_metrics: { permission: 'metrics:read' },
  list_data_sources: read,
  create_data_source: {
    permission: 'data_sources:create',
    get body() {
      return { name: `made ${randomUUID()}`, connection: CONNECTION };
    },
  },
  test_connection: { permission: 'data_sources:test', body: { connection: CONNECTION } },
  get_data_source: read,
  update_data_source: { ...update, body: { description: 'changed' } },
  update_data_source_credentials: {
    permission: 'credentials:write',
    body: { password: 'n-0d7f3a' },
  },
  get_data_source_file_url: { permission: 'data_sources:file_url' },
  test_data_source: { permission: 'data_sources:test' },
  pause_data_source: { ...update, body: { reason: 'a pause' } },
  resume_data_source: update,
  start_data_source_maintenance: { ...update, body: { until: UNTIL } },
  retry_data_source: { permission: 'data_sources:test' },
  discover_data_source_schema: { permission: 'data_sources:discover', body: { mode: 'full' } },
  list_discovery_runs: read,
  get_discovery_run: read,
  watch_discovery_run: read,
  cancel_discovery_run: { permission: 'data_sources:discover' },
  list_data_source_schemas: read,
  diff_data_source_schemas: read,
  get_data_source_health: { permission: 'health:read' },
  delete_data_source: { permission: 'data_sources:delete' },
  // After the deletion.
  restore_data_source: { permission: 'data_sources:delete' },
};

/** What a request gets that never came to the thing itself. 409 and 503 are answers about the thing. */
const REFUSALS = [400, 401, 403, 404, 405, 415, 422, 500];

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

let app: ProductProcess;
let operations: Operation[];
/** Ids that exist in the other organization, by the name of the path parameter. */
let theirs: Readonly<Record<string, string>>;

const hasIds = (operation: Operation): boolean => operation.path.includes('_id}');

function send(operation: Operation, ids: Readonly<Record<string, string>>, token?: string): Promise<Answer> {
  const { body } = ROUTES[operation.id] ?? {};
  const values: Readonly<Record<string, string>> = {
    type: 'postgresql',
    token: 'none',
    version: '1',
    ...ids,
  };
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? randomUUID());
  return call(`${app.url}${path}`, operation.method, {
    ...(token === undefined ? {} : { token }),
    ...(body === undefined ? {} : { body }),
  });
}

/** What a client can tell two answers apart by: everything but the ids that it sent itself. */
function visible({ status, headers, text }: Answer): unknown {
  const hidden = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  const names = [...headers.keys()].filter((name) => name !== 'connection').sort();
  return [status, text.replace(hidden, '<id>'), names, headers.get('content-length')];
}

beforeAll(async () => {
  app = await startProductProcess();
  const { json } = await call(`${app.url}/docs-json`);
  const paths = json.paths as Record<string, Record<string, { operationId: string }>>;
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId: id }]) => ({
      id,
      method: method.toUpperCase(),
      path,
    })),
  );
  const token = await app.token('admin', THEIRS);
  const base = `${app.url}/api/v1/data-sources`;
  const source = await call(base, 'POST', { token, body: { name: 'theirs', connection: CONNECTION } });
  expect(source.status).toBe(201);
  const id = String(source.json.id);
  const run = await call(`${base}/${id}/discover-schema`, 'POST', { token, body: { mode: 'full' } });
  expect(run.status).toBe(202);
  theirs = { data_source_id: id, run_id: String(run.json.run_id) };
  expect(theirs.run_id).toMatch(/^[0-9a-f-]{36}$/);
}, 120_000);

afterAll(() => app.stop());

describe('the routes', () => {
  test('are those of the table, in the document and in the application', () => {
    expect(operations.map(({ id }) => id).sort()).toEqual(Object.keys(ROUTES).sort());
    // What the router itself says, so that a route that is hidden from the document counts too.
    const mapped = [...app.output().matchAll(/Mapped \{([^,]+), (\w+)\} route/g)].map(
      ([, path = '', method = '']) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    );
    expect(mapped.sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test('say in the document what they need', async () => {
    const { json } = await call(`${app.url}/docs-json`);
    const paths = json.paths as Record<string, Record<string, Record<string, unknown>>>;
    for (const { id, method, path } of operations) {
      const { permission } = ROUTES[id] ?? {};
      const operation = paths[path]?.[method.toLowerCase()];
      expect([id, operation?.['x-permission'] ?? 'public']).toEqual([id, permission]);
      const secured = ((operation?.security ?? []) as unknown[]).length > 0;
      expect([id, secured]).toEqual([id, permission !== 'public']);
    }
  });
});

describe('without a token', () => {
  test('every route that is not public answers 401', async () => {
    for (const operation of operations) {
      if (ROUTES[operation.id]?.permission === 'public') continue;
      for (const ids of [theirs, {}]) {
        const answer = await send(operation, ids);
        expect([operation.id, answer.status, answer.json.code]).toEqual([
          operation.id,
          401,
          'UNAUTHENTICATED',
        ]);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
      }
    }
  });
});

describe.each([...ROLE_NAMES])('a user with the role %s', (role) => {
  test('gets what the table of roles says, and of another organization nothing', async () => {
    const token = await app.token(role, MINE, `the ${role}`);
    for (const operation of operations) {
      const { permission } = ROUTES[operation.id] ?? {};
      if (permission === undefined || permission === 'public') continue;
      const unknown = await send(operation, {}, token);
      if (!ROLES[role].includes(permission)) {
        expect([operation.id, unknown.status]).toEqual([operation.id, 403]);
        expect(unknown.json).toMatchObject({
          code: 'FORBIDDEN',
          detail: expect.stringContaining(permission),
        });
        expect(visible(await send(operation, theirs, token))).toEqual(visible(unknown));
      } else if (hasIds(operation)) {
        expect([operation.id, unknown.status]).toEqual([operation.id, 404]);
        const foreign = await send(operation, theirs, token);
        expect([operation.id, visible(foreign)]).toEqual([operation.id, visible(unknown)]);
      } else {
        const { answers = [200, 201, 202, 204] } = ROUTES[operation.id] ?? {};
        expect([operation.id, answers.includes(unknown.status) ? 'fine' : unknown.status]).toEqual([
          operation.id,
          'fine',
        ]);
        expect(unknown.text).not.toContain(theirs.data_source_id);
      }
    }
  }, 120_000);
});

describe('a user without a role that is known', () => {
  test('gets nothing', async () => {
    const token = await app.token([], MINE);
    for (const operation of operations) {
      if (ROUTES[operation.id]?.permission === 'public') continue;
      expect([operation.id, (await send(operation, theirs, token)).status]).toEqual([operation.id, 403]);
    }
  });
});

describe('an admin of the organization that the ids belong to', () => {
  test('gets somewhere by each of them, so that the answers above were refusals', async () => {
    const token = await app.token('admin', THEIRS);
    const last = ['delete_data_source', 'restore_data_source'];
    const ordered = [
      ...operations.filter(({ id }) => !last.includes(id)),
      ...last.map((id) => operations.find((operation) => operation.id === id)),
    ];
    for (const operation of ordered) {
      if (!operation || !hasIds(operation) || operation.id === 'watch_discovery_run') continue;
      const { status } = await send(operation, theirs, token);
      expect([operation.id, REFUSALS.includes(status) ? status : 'fine']).toEqual([operation.id, 'fine']);
    }
  }, 120_000);
});
