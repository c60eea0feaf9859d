import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { call, type Answer } from '../support/http-client.js';
import { nowhere } from '../support/nowhere.js';
import { startProductProcess, type ProductProcess } from '../support/product-process.js';

const PASSWORD = 'canary-e9c1';

/** Listens on all of 127.0.0.0/8 and counts who comes. */
let trap: Server;
let came: number;
const trapPort = (): number => (trap.address() as AddressInfo).port;

beforeAll(async () => {
  trap = createServer((socket) => {
    came += 1;
    socket.destroy();
  });
  trap.listen(0, '0.0.0.0');
  await once(trap, 'listening');
});
beforeEach(() => {
  came = 0;
});
afterAll(() => void trap.close());

let app: ProductProcess;
let orgId: string;
let token: string;

async function started(allow: string): Promise<void> {
  app = await startProductProcess({ environment: { EGRESS_ALLOW: allow } });
}
beforeEach(async () => {
  orgId = randomUUID();
  token = await app.token('admin', orgId);
});

const api = (method: string, path: string, body?: unknown, as = token): Promise<Answer> =>
  call(`${app.url}/api/v1${path}`, method, { token: as, ...(body === undefined ? {} : { body }) });

/** The code that a test of an unsaved source ends with. */
async function tested(fields: Readonly<Record<string, unknown>>): Promise<unknown> {
  const connection = { ...nowhere(PASSWORD), tls: { mode: 'disable' }, port: trapPort(), ...fields };
  const { json } = await api('POST', '/data-sources/test', { connection });
  const steps = (json.steps ?? []) as { status: string; code?: string }[];
  return json.code ?? steps.find(({ status }) => status === 'failed')?.code;
}

describe('a deployment that opens nothing private', () => {
  beforeAll(() => started('nothing.invalid'), 120_000);
  afterAll(() => app.stop());

  test.each([
    ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001'],
    ...['localhost', 'LOCALHOST', 'localhost.', '0', '0.0.0.0', '127.0.0.2'],
  ])('T42: does not dial itself as %s', async (host) => {
    expect(['EGRESS_DENIED', 'VALIDATION_FAILED', 'CONFIG_INVALID', 'HOST_UNKNOWN']).toContain(
      await tested({ host }),
    );
    expect(came).toBe(0);
  });

  test.each([
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '0:0:0:0:0:0:0:1',
  ])('T43: does not dial itself as %s', async (host) => {
    expect(await tested({ host })).toBe('EGRESS_DENIED');
    expect(came).toBe(0);
  });

  test.each([
    ...['169.254.169.254', '2852039166', '0xa9fea9fe', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe'],
    ...['fd00:ec2::254', '100.100.100.200', 'fe80::1', '224.0.0.1', '255.255.255.255'],
  ])('T47: never dials %s', async (host) => {
    expect(await tested({ host })).toBe('EGRESS_DENIED');
  });

  test.each([
    ...['good@evil', 'https://good.com\\@evil.com/', 'http://evil/', 'evil/', 'evil?x', 'evil#x'],
    ...['javascript:alert(1)//@x.com', 'file:///etc/passwd', 'gopher://x', 'data:,x', 'jar:file:///x!/'],
  ])('T49, T50, T51: takes no URL for a host: %s', async (host) => {
    for (const type of ['postgresql', 'http_api', 'redis']) {
      const login =
        type === 'postgresql' ? {} : { database: undefined, username: undefined, password: undefined };
      expect([type, await tested({ type, host, ...login })]).toEqual([type, 'CONFIG_INVALID']);
    }
  });

  test('T48: tells nothing of what is behind a refused address, and writes down who asked', async () => {
    const closed = await tested({ host: '127.0.0.1', port: 1 });
    expect(await tested({ host: '127.0.0.1' })).toBe(closed);
    expect(await tested({ host: '10.1.2.3', port: 22 })).toBe(closed);
    const { json } = await api('GET', '/audit-events?action=egress.denied');
    const events = json.items as { target_id: string; details: unknown; code: string }[];
    expect(events.map((event) => event.target_id).sort()).toEqual(
      ['10.1.2.3:22', '127.0.0.1:1', `127.0.0.1:${String(trapPort())}`].sort(),
    );
    expect(events[0]).toMatchObject({ code: 'EGRESS_DENIED', details: { reason: 'private' } });
    const metrics = await (await fetch(app.metricsUrl)).text();
    expect(metrics).toMatch(/datawave_egress_denied_total\{reason="private"\} [1-9]/);
    expect(came).toBe(0);
  });

  test('says beforehand what it would refuse, without a name’s addresses', async () => {
    const check = async (host: string) =>
      (await api('POST', '/organization/egress-policy/check', { host, port: 5432 })).json;
    expect(await check('localhost')).toMatchObject({ allowed: false, reason: 'private', addresses: [] });
    expect(await check('169.254.169.254')).toMatchObject({ allowed: false, reason: 'never' });
    expect(await check('93.184.216.34')).toEqual({
      allowed: true,
      message: 'The address is allowed.',
      addresses: ['93.184.216.34'],
    });
    expect(await check('no-such-name.invalid')).toMatchObject({ code: 'HOST_UNKNOWN' });
  });
});

describe('a deployment that opens a range', () => {
  beforeAll(() => started('127.0.0.0/30,127.0.0.9'), 120_000);
  afterAll(() => app.stop());
  afterEach(async () => {
    await api('PUT', '/organization/egress-policy', { mode: 'deployment' });
  });

  test('T53: dials what is in it, and nothing else', async () => {
    expect(await tested({ host: '127.0.0.2' })).not.toBe('EGRESS_DENIED');
    expect(came).toBeGreaterThan(0);
    const before = came;
    expect(await tested({ host: '127.0.0.5' })).toBe('EGRESS_DENIED');
    expect(await tested({ host: '10.0.0.1' })).toBe('EGRESS_DENIED');
    expect(came).toBe(before);
  });

  test('T46: dials no server of its own, by address or by name', async () => {
    const product = new URL(app.database.ownerUrl);
    const ports = [new URL(app.url).port, new URL(app.metricsUrl).port, product.port].map(Number);
    for (const port of ports)
      for (const host of ['127.0.0.1', 'localhost', '::ffff:127.0.0.1'])
        expect([port, host, await tested({ host, port })]).toEqual([port, host, 'EGRESS_DENIED']);
  });

  test('T53: lets an organization narrow it, not widen it, and only for itself', async () => {
    const path = '/organization/egress-policy';
    expect((await api('GET', path)).json).toEqual({
      mode: 'deployment',
      allow: [],
      version: 0,
      updated_by: null,
      updated_at: null,
    });
    const put = await api('PUT', path, {
      mode: 'allow_list',
      allow: ['127.0.0.9', '10.0.0.0/8'],
      version: 0,
    });
    expect(put.json).toMatchObject({ mode: 'allow_list', allow: ['127.0.0.9', '10.0.0.0/8'], version: 1 });
    expect(await tested({ host: '127.0.0.2' })).toBe('EGRESS_DENIED');
    expect(await tested({ host: '10.0.0.1' })).toBe('EGRESS_DENIED');
    expect(came).toBe(0);
    expect(await tested({ host: '127.0.0.9' })).not.toBe('EGRESS_DENIED');
    expect(came).toBeGreaterThan(0);

    const foreign = await app.token('admin', randomUUID());
    expect((await api('GET', path, undefined, foreign)).json).toMatchObject({
      mode: 'deployment',
      version: 0,
    });
    const stale = await api('PUT', path, { mode: 'deployment', version: 0 });
    expect([stale.status, stale.json.code]).toEqual([409, 'CONFLICT']);
    const { json } = await api('GET', '/audit-events?action=egress_policy.update');
    expect(json.items).toMatchObject([
      { details: { mode: 'allow_list', allow: ['127.0.0.9', '10.0.0.0/8'] } },
    ]);
  });

  test.each([
    [{ mode: 'allow_list', allow: ['ok.example', '169.254.169.254'] }, '/allow/1'],
    [{ mode: 'allow_list', allow: ['10.0.0.0/99'] }, '/allow/0'],
    [{ mode: 'allow_list', allow: ['http://x/'] }, '/allow/0'],
    [{ mode: 'allow_list', allow: [] }, '/allow'],
    [{ mode: 'open' }, '/mode'],
    [{ mode: 'deployment', more: 1 }, '/more'],
  ])('%j is refused with the place of the fault', async (body, pointer) => {
    const { status, json } = await api('PUT', '/organization/egress-policy', body);
    expect([status, (json.errors as { pointer: string }[])[0]?.pointer]).toEqual([422, pointer]);
    expect((await api('GET', '/organization/egress-policy')).json).toMatchObject({ mode: 'deployment' });
  });
});

describe('T48: a scan of ports', () => {
  beforeAll(async () => {
    app = await startProductProcess({
      environment: { EGRESS_ALLOW: 'nothing.invalid', PROBES_PER_MINUTE: '5' },
    });
  }, 120_000);
  afterAll(() => app.stop());

  test('ends after a few, for the user and for the organization, and says when to go on', async () => {
    const connection = { ...nowhere(PASSWORD), host: '10.1.2.3' };
    const scan = (as: string): Promise<Answer> => api('POST', '/data-sources/test', { connection }, as);
    const statuses = async (as: string, count: number): Promise<number[]> => {
      const all: number[] = [];
      for (let at = 0; at < count; at += 1) all.push((await scan(as)).status);
      return all;
    };
    expect(await statuses(token, 6)).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await scan(token);
    expect(refused.json).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const check = await api('POST', '/organization/egress-policy/check', { host: '10.1.2.3', port: 1 });
    expect(check.status).toBe(429);
    // What dials nothing goes on.
    expect((await api('GET', '/data-sources')).status).toBe(200);

    for (const name of ['b', 'c', 'd'])
      expect(await statuses(await app.token('admin', orgId, name), 5)).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(await app.token('admin', orgId, 'e'), 1)).toEqual([429]);
    expect(await statuses(await app.token('admin', randomUUID()), 1)).toEqual([200]);
  });
});

test('T47: a deployment that would open a metadata address does not start', async () => {
  await expect(
    startProductProcess({ environment: { EGRESS_ALLOW: '10.0.0.0/8,169.254.169.254' } }),
  ).rejects.toThrow(/EGRESS_ALLOW: "169\.254\.169\.254" is a range that is never allowed/);
}, 120_000);
