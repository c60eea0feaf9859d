import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CredentialsRef } from '../../src/credentials/credentials.service.js';
import { CredentialsProcess, HERE, insertSources } from '../support/credentials-process.js';
import { call } from '../support/http-client.js';
import { nowhere } from '../support/nowhere.js';
import { makeProductDatabase, queryOnce, type ProductDatabase } from '../support/product-database.js';
import { startProductProcess } from '../support/product-process.js';

const FIRST = 'first-0123456789abcdef0123456789abcdef01';
const SECOND = 'second-0123456789abcdef0123456789abcdef0';
const CANARY = 'canary-2f9b1c';

let database: ProductDatabase;
const processes: CredentialsProcess[] = [];

/** A process that is stopped behind the test. */
async function start(appSecret: string): Promise<CredentialsProcess> {
  const process = await CredentialsProcess.start(database, { appSecret });
  processes.push(process);
  return process;
}

async function makeSource(orgId: string = randomUUID()): Promise<CredentialsRef> {
  const [ref] = await insertSources(database, orgId, 1);
  if (!ref) throw new Error('No source was made.');
  return ref;
}

const asSuperuser = <Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
  queryOnce<Row>(database.superuserUrl, sql, params);

interface Stored {
  readonly field: string;
  readonly token: string;
  readonly key_version: number;
}
const stored = (ref: CredentialsRef): Promise<Stored[]> =>
  asSuperuser('SELECT field, token, key_version FROM credentials WHERE data_source_id = $1 ORDER BY field', [
    ref.dataSourceId,
  ]);

const tampered = (ref: CredentialsRef): Promise<{ details: unknown; actor_id: string }[]> =>
  asSuperuser(
    `SELECT details, actor_id FROM audit_events WHERE action = 'credentials.tampered' AND target_id = $1 AND org_id = $2`,
    [ref.dataSourceId, ref.orgId],
  );

/** Rejects with the code, and nowhere in the error is the secret. */
async function expectCode(work: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(CANARY);
}

beforeAll(async () => {
  database = await makeProductDatabase();
});
afterEach(async () => {
  for (const process of processes.splice(0)) await process.stop();
  await asSuperuser('TRUNCATE organization_keys, credentials');
});
afterAll(() => database.drop());

describe('credentials', () => {
  test('come back as they were given, in another process too, and are not in the tables', async () => {
    const ref = await makeSource();
    const secrets = {
      password: CANARY,
      'tls.client_key': 'line 1\nline 2',
      'ssh_tunnel.password': '✓ ünïcode',
    };
    await (await start(FIRST)).replace(ref, secrets);
    const other = await start(FIRST);
    expect(await other.load(ref)).toEqual(secrets);
    expect(await other.fields(ref)).toEqual(Object.keys(secrets).sort());
    expect(JSON.stringify(await stored(ref))).not.toContain(CANARY);
    for (const row of await stored(ref)) expect(row.token).toMatch(/^gAAAAA/);
  });

  test('are replaced as a whole', async () => {
    const ref = await makeSource();
    const process = await start(FIRST);
    await process.replace(ref, { password: 'one', token: 'two' });
    await process.replace(ref, { password: 'three' });
    expect(await process.load(ref)).toEqual({ password: 'three' });
    await process.replace(ref, {});
    expect(await process.load(ref)).toEqual({});
    expect(await stored(ref)).toEqual([]);
  });

  test('are never taken for a ciphertext or a reference', async () => {
    const ref = await makeSource();
    const process = await start(FIRST);
    await process.replace(ref, { password: CANARY });
    const [row] = await stored(ref);
    const values = [
      'fernet:gAAAAABx',
      'gAAAAABx',
      'enc:v1:abc',
      'vault:secret/data/x',
      '********',
      '${ENV}',
      '',
      String(row?.token),
    ];
    for (const value of values) {
      await process.replace(ref, { password: value });
      expect(await process.load(ref)).toEqual({ password: value });
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (value) => {
        await process.replace(ref, { password: value });
        expect(await process.load(ref)).toEqual({ password: value });
      }),
      { numRuns: 10 },
    );
  });

  test('of another destination must be entered again', async () => {
    const ref = await makeSource();
    const process = await start(FIRST);
    await process.replace(ref, { password: CANARY });
    await expectCode(
      process.load(ref, 'postgresql|evil.test|5432|shop|alice'),
      'CREDENTIALS_REENTRY_REQUIRED',
    );
    expect(await process.load(ref)).toEqual({ password: CANARY });
  });

  test('of another organization are not there', async () => {
    const ref = await makeSource();
    const process = await start(FIRST);
    await process.replace(ref, { password: CANARY });
    const foreign = { ...ref, orgId: randomUUID() };
    expect(await process.load(foreign)).toEqual({});
    // Not even to overwrite: the row belongs to the other organization.
    await expect(process.replace(foreign, { password: 'x' })).rejects.toBeDefined();
    expect(await process.load(ref)).toEqual({ password: CANARY });
  });
});

describe('a ciphertext that is swapped', () => {
  const put = (
    ref: CredentialsRef,
    field: string,
    { token, key_version: version }: Stored,
  ): Promise<unknown> =>
    asSuperuser(
      'UPDATE credentials SET token = $1, key_version = $2 WHERE data_source_id = $3 AND field = $4',
      [token, version, ref.dataSourceId, field],
    );

  async function tokenOf(ref: CredentialsRef, field: string): Promise<Stored> {
    const row = (await stored(ref)).find((candidate) => candidate.field === field);
    if (!row) throw new Error('There is no such field.');
    return row;
  }

  test.each(['row', 'field', 'organization', 'bit'])('is refused and audited: %s', async (what) => {
    const process = await start(FIRST);
    const ref = await makeSource();
    const other = await makeSource(what === 'organization' ? randomUUID() : ref.orgId);
    await process.replace(ref, { password: CANARY, token: `${CANARY}-2` });
    await process.replace(other, { password: `${CANARY}-3` });
    const taken = what === 'field' ? await tokenOf(ref, 'token') : await tokenOf(other, 'password');
    const own = await tokenOf(ref, 'password');
    const middle = own.token.length >> 1;
    const flipped = `${own.token.slice(0, middle)}${own.token[middle] === 'A' ? 'B' : 'A'}${own.token.slice(middle + 1)}`;
    await put(ref, 'password', what === 'bit' ? { ...own, token: flipped } : taken);
    await expectCode(process.load(ref), 'SECRET_BACKEND_UNAVAILABLE');
    await expectCode(process.load(ref), 'SECRET_BACKEND_UNAVAILABLE');
    expect(await tampered(ref)).toEqual([{ details: { field: 'password' }, actor_id: 'system:credentials' }]);
  });

  test('is refused with its key: a wrapped key that was copied from another organization', async () => {
    const process = await start(FIRST);
    const [ref, other] = [await makeSource(), await makeSource()];
    await process.replace(ref, { password: CANARY });
    await process.replace(other, { password: `${CANARY}-2` });
    await asSuperuser(
      `UPDATE organization_keys SET wrapped_key = (SELECT wrapped_key FROM organization_keys WHERE org_id = $1)
       WHERE org_id = $2`,
      [other.orgId, ref.orgId],
    );
    await put(ref, 'password', await tokenOf(other, 'password'));
    await expectCode((await start(FIRST)).load(ref), 'SECRET_BACKEND_UNAVAILABLE');
    expect(await tampered(ref)).toHaveLength(1);
  });
});

describe('the key of an organization', () => {
  const processAt = (all: readonly CredentialsProcess[], index: number): CredentialsProcess => {
    const process = all[index % all.length];
    if (!process) throw new Error('There is no process.');
    return process;
  };

  test('is one, however many start at once', async () => {
    const parallel = await Promise.all([1, 2, 3, 4].map(() => start(FIRST)));
    const orgId = randomUUID();
    const refs = await Promise.all(parallel.flatMap(() => [makeSource(orgId), makeSource(orgId)]));
    await Promise.all(
      refs.map((ref, index) =>
        processAt(parallel, index).replace(ref, { password: `${CANARY}-${String(index)}` }),
      ),
    );
    const keys = await asSuperuser('SELECT version, state FROM organization_keys WHERE org_id = $1', [orgId]);
    expect(keys).toEqual([{ version: 1, state: 'active' }]);
    const late = await start(FIRST);
    for (const [index, ref] of refs.entries())
      expect(await late.load(ref)).toEqual({ password: `${CANARY}-${String(index)}` });
  });

  test('is made though more callers come at once than there are connections', async () => {
    const process = await start(FIRST);
    const first = await makeSource();
    const refs = [first];
    while (refs.length < 40) refs.push(await makeSource(first.orgId));
    await Promise.all(
      refs.map((ref, index) => process.replace(ref, { password: `${CANARY}-${String(index)}` })),
    );
    expect(await process.load(first)).toEqual({ password: `${CANARY}-0` });
  });

  test('outlives the rolled back transaction that asked for it first', async () => {
    const process = await start(FIRST);
    const ref = await makeSource();
    const next = await makeSource(ref.orgId);
    await process.service.prepare(ref.orgId);
    await expect(
      process.database.inOrg(ref.orgId, async (tx) => {
        await process.service.replace(tx, ref, HERE, { password: 'lost' });
        throw new Error('on purpose');
      }),
    ).rejects.toThrow('on purpose');
    await process.replace(next, { password: CANARY });
    expect(await (await start(FIRST)).load(next)).toEqual({ password: CANARY });
    expect(await process.load(ref)).toEqual({});
  });

  test('is read under an older secret after a newer one came', async () => {
    const ref = await makeSource();
    await (await start(FIRST)).replace(ref, { password: CANARY });
    const both = await start(`${SECOND},${FIRST}`);
    expect(await both.ready()).toBe(true);
    expect(await both.load(ref)).toEqual({ password: CANARY });
    const fresh = await makeSource();
    await both.replace(fresh, { password: CANARY });
    const [row] = await asSuperuser<{ count: number }>(
      'SELECT count(DISTINCT kek_version)::int AS count FROM organization_keys',
    );
    expect(row?.count).toBe(2);
  });
});

describe('a process with a wrong application secret', () => {
  test('is not ready, reads nothing and writes nothing', async () => {
    const ref = await makeSource();
    const right = await start(FIRST);
    expect(await right.ready()).toBe(true);
    await right.replace(ref, { password: CANARY });
    const snapshot = async (): Promise<unknown[]> => [
      await asSuperuser('SELECT * FROM organization_keys ORDER BY org_id, version'),
      await asSuperuser('SELECT * FROM credentials ORDER BY data_source_id, field'),
    ];
    const before = await snapshot();

    const wrong = await start(SECOND);
    expect(await wrong.ready()).toBe(false);
    await expectCode(wrong.load(ref), 'SECRET_BACKEND_UNAVAILABLE');
    await expectCode(wrong.replace(ref, { password: 'x' }), 'SECRET_BACKEND_UNAVAILABLE');
    // Nor does it make a key for an organization that has none yet.
    await expectCode(wrong.replace(await makeSource(), { password: 'x' }), 'SECRET_BACKEND_UNAVAILABLE');
    expect(await snapshot()).toEqual(before);
    expect(await tampered(ref)).toEqual([]);
    expect(await right.load(ref)).toEqual({ password: CANARY });
  });
});

describe('the whole product with a wrong application secret', () => {
  test('runs, is not ready, dials nothing and changes nothing', async () => {
    const orgId = randomUUID();
    const environment = { JWT_SECRET: FIRST, LOG_LEVEL: 'info' };
    const right = await startProductProcess({ database, environment: { ...environment, APP_SECRET: FIRST } });
    const token = await right.token('admin', orgId);
    const path = '/api/v1/data-sources';
    const connection = nowhere(CANARY);
    const { json } = await call(right.url + path, 'POST', { token, body: { name: 'one', connection } });
    const id = json.id as string;
    expect((await call(`${right.url}/health/ready`)).status).toBe(200);
    await right.stop();
    const snapshot = (): Promise<unknown> =>
      asSuperuser('SELECT token, wrapped_key FROM credentials JOIN organization_keys USING (org_id)');
    const before = await snapshot();

    const wrong = await startProductProcess({
      database,
      environment: { ...environment, APP_SECRET: SECOND },
    });
    try {
      expect((await call(`${wrong.url}/health/ready`)).status).toBe(503);
      expect((await call(`${wrong.url}/health/live`)).status).toBe(200);
      const bodies: [string, string, unknown][] = [
        ['POST', path, { name: 'two', connection }],
        ['PATCH', `${path}/${id}`, { connection: { ...connection, host: '127.0.0.2' } }],
      ];
      for (const [method, at, body] of bodies) {
        const answer = await call(wrong.url + at, method, { token, body });
        expect([method, answer.status, answer.json.code]).toEqual([
          method,
          503,
          'SECRET_BACKEND_UNAVAILABLE',
        ]);
        expect(answer.text).not.toContain(CANARY);
      }
      expect((await call(`${wrong.url}${path}/${id}`, 'GET', { token })).json.connection).toMatchObject({
        host: '127.0.0.1',
      });
      expect(await snapshot()).toEqual(before);
    } finally {
      await wrong.stop();
    }
  }, 120_000);
});
