import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../src/common/actor.js';
import type { CredentialsRef } from '../../src/credentials/credentials.service.js';
import type { KeyRotation } from '../../src/credentials/key-store.service.js';
import type { Tx } from '../../src/platform/database/database.service.js';
import { CredentialsProcess, HERE, insertSources } from '../support/credentials-process.js';
import { call } from '../support/http-client.js';
import { nowhere } from '../support/nowhere.js';
import { makeProductDatabase, queryOnce, type ProductDatabase } from '../support/product-database.js';
import { startProductProcess, type ProductProcess } from '../support/product-process.js';
import { until } from '../support/until.js';

const FIRST = 'first-0123456789abcdef0123456789abcdef01';
const SECOND = 'second-0123456789abcdef0123456789abcdef0';

let product: ProductDatabase;
const processes: CredentialsProcess[] = [];
/** A fresh organization for each test. */
let orgId: string;
let admin: Actor;

async function start(appSecret = FIRST, works = false): Promise<CredentialsProcess> {
  const process = await CredentialsProcess.start(product, { appSecret, works });
  processes.push(process);
  return process;
}

const sql = <Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> =>
  queryOnce<Row>(product.superuserUrl, text, params);

/** Sources with one secret each, the same as the id of the source. */
async function stored(process: CredentialsProcess, count: number): Promise<CredentialsRef[]> {
  const refs = await insertSources(product, orgId, count);
  for (const ref of refs) await process.replace(ref, { password: ref.dataSourceId });
  return refs;
}

/** How many secrets are under which version of the key. */
async function versions(): Promise<Record<string, number>> {
  const rows = await sql<{ key_version: number; count: number }>(
    'SELECT key_version, count(*)::integer FROM credentials WHERE org_id = $1 GROUP BY key_version',
    [orgId],
  );
  return Object.fromEntries(rows.map(({ key_version: version, count }) => [String(version), count]));
}

async function ended(process: CredentialsProcess): Promise<KeyRotation> {
  await until(
    async () => (await process.keys.state(orgId)).rotation?.ended_at instanceof Date,
    'the rotation ends',
  );
  const { rotation } = await process.keys.state(orgId);
  if (!rotation) throw new Error('There is no rotation.');
  return rotation;
}

const audited = (): Promise<{ action: string; result: string; details: unknown }[]> =>
  sql('SELECT action, result, details FROM audit_events WHERE org_id = $1 ORDER BY occurred_at, id', [orgId]);

/** A transaction that has done its work and waits to be released. */
async function held(
  process: CredentialsProcess,
  work: (tx: Tx) => Promise<unknown>,
): Promise<{ release(): Promise<void> }> {
  let end = (): void => undefined;
  const released = new Promise<void>((resolve) => (end = resolve));
  let transaction: Promise<void> = Promise.resolve();
  await new Promise<void>((ready, failed) => {
    transaction = process.database.inOrg(orgId, async (tx) => {
      await work(tx);
      ready();
      await released;
    });
    transaction.catch(failed);
  });
  return {
    release: () => {
      end();
      return transaction;
    },
  };
}

/** Whether just so many transactions wait for others. */
async function waiting(count: number): Promise<boolean> {
  const [row] = await sql<{ count: number }>(
    `SELECT count(*)::integer FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.count === count;
}

beforeAll(async () => {
  product = await makeProductDatabase();
}, 120_000);
beforeEach(() => {
  orgId = randomUUID();
  admin = { orgId, userId: 'the admin', roles: ['admin'] };
});
afterEach(async () => {
  for (const process of processes.splice(0)) await process.stop();
  await sql('TRUNCATE organization_keys, credentials, key_rotations, jobs');
});
afterAll(() => product.drop());

describe('the rotation of an organization’s key', () => {
  test('encrypts all that is stored anew while secrets are read and replaced', async () => {
    const process = await start(FIRST, true);
    const refs = await stored(process, 600);
    let rotating = true;
    let reads = 0;
    const reader = async (): Promise<void> => {
      for (let at = 0; rotating; at = (at + 7) % refs.length) {
        const ref = refs[at];
        if (!ref) throw new Error('There is no such source.');
        expect(await process.load(ref)).toEqual({ password: ref.dataSourceId });
        reads += 1;
      }
    };
    const replacer = async (): Promise<void> => {
      for (let at = 0; rotating; at = (at + 1) % refs.length) {
        const ref = refs[at];
        if (ref) await process.replace(ref, { password: ref.dataSourceId });
      }
    };
    const others = Promise.all([reader(), replacer(), reader()]);
    const { keys, rotation } = await process.keys.rotate(admin);
    expect(keys.map(({ version, state }) => [version, state])).toEqual([
      [2, 'active'],
      [1, 'decrypt_only'],
    ]);
    expect(rotation).toMatchObject({ to_version: 2, requested_by: 'the admin' });
    const end = await ended(process);
    rotating = false;
    await others;
    expect(end).toMatchObject({ state: 'succeeded', failed: 0 });
    expect(end.done).toBeGreaterThan(0);
    expect(reads).toBeGreaterThan(0);
    expect(await versions()).toEqual({ '2': 600 });
    const fresh = await start();
    for (const ref of refs) expect(await fresh.load(ref)).toEqual({ password: ref.dataSourceId });
    expect(await audited()).toEqual([
      { action: 'organization_key.rotate', result: 'success', details: { version: 2 } },
      {
        action: 'organization_key.re_encrypt',
        result: 'success',
        details: { version: 2, secrets: end.done, failed: 0 },
      },
    ]);
  }, 120_000);

  test('goes on in another process where the first one stops in the middle', async () => {
    const first = await start(FIRST, true);
    await stored(first, 600);
    // The last secret is held, so that the rotation cannot come to its end.
    const [last] = await sql<{ data_source_id: string }>(
      'SELECT data_source_id FROM credentials WHERE org_id = $1 ORDER BY data_source_id DESC LIMIT 1',
      [orgId],
    );
    const holder = await start();
    const holding = await held(holder, (tx) =>
      tx.query('SELECT FROM credentials WHERE data_source_id = $1 FOR UPDATE', [last?.data_source_id]),
    );
    await first.keys.rotate(admin);
    await until(async () => (await first.keys.state(orgId)).rotation?.done === 500, 'two batches are done');
    await first.stop();
    await holding.release();
    expect((await holder.keys.state(orgId)).rotation).toMatchObject({ state: 'running', ended_at: null });
    expect(await versions()).toEqual({ '1': 100, '2': 500 });

    const second = await start(FIRST, true);
    expect(await ended(second)).toMatchObject({ state: 'succeeded', total: 600, done: 600, failed: 0 });
    expect(await versions()).toEqual({ '2': 600 });
  }, 120_000);

  test('leaves a secret that cannot be read as it is, and tells of it', async () => {
    const process = await start(FIRST, true);
    const [bad, good] = await stored(process, 2);
    await sql(`UPDATE credentials SET token = 'gAAAAABmade-up' WHERE data_source_id = $1`, [
      bad?.dataSourceId,
    ]);
    await process.keys.rotate(admin);
    expect(await ended(process)).toMatchObject({ state: 'failed', total: 2, done: 1, failed: 1 });
    expect(await versions()).toEqual({ '1': 1, '2': 1 });
    if (good) expect(await process.load(good)).toEqual({ password: good.dataSourceId });
    expect(await audited()).toContainEqual({
      action: 'organization_key.re_encrypt',
      result: 'failure',
      details: { version: 2, secrets: 1, failed: 1 },
    });
    // The failed one is replaced, and the next rotation has nothing to complain of.
    if (bad) await process.replace(bad, { password: 'new' });
    await process.keys.rotate(admin);
    expect(await ended(process)).toMatchObject({ to_version: 3, state: 'succeeded', failed: 0 });
    expect(await versions()).toEqual({ '3': 2 });
  }, 60_000);

  test('is one at a time', async () => {
    const process = await start();
    await stored(process, 1);
    const answers = await Promise.allSettled([1, 2, 3].map(() => process.keys.rotate(admin)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'CONFLICT' });
    expect((await process.keys.state(orgId)).keys).toHaveLength(2);
  });

  test('waits for whoever encrypts with the old key, and finds what was encrypted', async () => {
    const process = await start();
    const [ref] = await insertSources(product, orgId, 1);
    if (!ref) throw new Error('No source was made.');
    await process.service.prepare(orgId);
    const writing = await held(process, (tx) =>
      process.service.replace(tx, ref, HERE, { password: 'early' }),
    );
    const rotation = process.keys.rotate(admin);
    await until(() => waiting(1), 'the rotation waits');
    await writing.release();
    await rotation;
    expect(await versions()).toEqual({ '1': 1 });
    expect(await ended(await start(FIRST, true))).toMatchObject({ state: 'succeeded', total: 1, done: 1 });
    expect(await process.load(ref)).toEqual({ password: 'early' });
  }, 60_000);

  test('lets whoever comes in the middle of it wait, and encrypt with the new key', async () => {
    const process = await start();
    const [ref] = await insertSources(product, orgId, 1);
    if (!ref) throw new Error('No source was made.');
    await process.service.prepare(orgId);
    // The rotation has changed the keys when it comes to its job, whose place is taken.
    const place = await held(process, (tx) =>
      tx.query(`INSERT INTO jobs (id, kind, org_id, ref_id) VALUES ($1, 're_encryption', $2, $2)`, [
        randomUUID(),
        orgId,
      ]),
    );
    const rotation = process.keys.rotate(admin);
    await until(() => waiting(1), 'the rotation waits');
    const replacing = process.replace(ref, { password: 'late' });
    await until(() => waiting(2), 'the other one waits behind it');
    await place.release();
    await Promise.all([rotation, replacing]);
    expect(await versions()).toEqual({ '2': 1 });
    expect(await process.load(ref)).toEqual({ password: 'late' });
  }, 60_000);
});

describe('the destruction of a key', () => {
  test('is refused for the active one, and where secrets would be lost', async () => {
    const process = await start();
    const [ref] = await stored(process, 1);
    await expect(process.keys.destroy(admin, 1, true)).rejects.toMatchObject({ code: 'CONFLICT' });
    await process.keys.rotate(admin);
    await expect(process.keys.destroy(admin, 1)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(process.keys.destroy(admin, 7)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    if (ref) expect(await process.load(ref)).toEqual({ password: ref.dataSourceId });
  });

  test('leaves nothing that could read what was encrypted with it', async () => {
    const process = await start();
    const [ref] = await stored(process, 1);
    if (!ref) throw new Error('No source was made.');
    await process.keys.rotate(admin);
    await process.keys.destroy(admin, 1, true);
    for (const reader of [process, await start()])
      await expect(reader.load(ref)).rejects.toMatchObject({ code: 'SECRET_BACKEND_UNAVAILABLE' });
    const [row] = await sql<{ bytes: number; state: string }>(
      'SELECT length(wrapped_key) AS bytes, state FROM organization_keys WHERE org_id = $1 AND version = 1',
      [orgId],
    );
    expect(row).toEqual({ bytes: 0, state: 'destroyed' });
    expect(await audited()).toContainEqual({
      action: 'organization_key.destroy',
      result: 'success',
      details: { version: 1, secrets_lost: 1 },
    });
    // The source can be given its secret again.
    await process.replace(ref, { password: 'again' });
    expect(await process.load(ref)).toEqual({ password: 'again' });
  });
});

describe('the wrapping under the application secret', () => {
  test('is made anew under the newest, after which the old one is needed no more', async () => {
    const old = await start(FIRST);
    const [ref] = await stored(old, 1);
    if (!ref) throw new Error('No source was made.');
    await old.keys.rotate(admin);
    const both = await start(`${SECOND},${FIRST}`);
    expect((await both.keys.state(orgId)).keys.map((key) => key.current_app_secret)).toEqual([false, false]);
    expect(await both.keys.rewrap(admin)).toBe(2);
    expect(await both.keys.rewrap(admin)).toBe(0);
    expect((await both.keys.state(orgId)).keys.map((key) => key.current_app_secret)).toEqual([true, true]);
    const next = await start(SECOND);
    expect(await next.load(ref)).toEqual({ password: ref.dataSourceId });
    expect(await old.load(ref)).toEqual({ password: ref.dataSourceId });
    await expect((await start(FIRST)).load(ref)).rejects.toMatchObject({
      code: 'SECRET_BACKEND_UNAVAILABLE',
    });
  });

  test('is made for all organizations, those that fail aside', async () => {
    const old = await start(FIRST);
    await stored(old, 1);
    const others = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of others) await old.service.prepare(id);
    await sql(`UPDATE organization_keys SET wrapped_key = '\\x00' WHERE org_id = $1`, [others[1]]);
    const both = await start(`${SECOND},${FIRST}`);
    const actorOf = (id: string): Actor => ({ ...admin, orgId: id });
    const seen: number[] = [];
    const wrapped = await both.keys.rewrapAll(actorOf, ({ done }) => seen.push(done));
    expect(wrapped).toMatchObject({ organizations: 4, done: 4, keys: 3 });
    expect([...wrapped.failed.keys()]).toEqual([others[1]]);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(await both.keys.rewrapAll(actorOf, () => undefined)).toMatchObject({ organizations: 1, keys: 0 });
  });

  test('changes nothing where a key cannot be unwrapped', async () => {
    const old = await start(FIRST);
    await stored(old, 1);
    const before = await sql('SELECT * FROM organization_keys WHERE org_id = $1', [orgId]);
    await expect((await start(SECOND)).keys.rewrap(admin)).rejects.toMatchObject({
      code: 'SECRET_BACKEND_UNAVAILABLE',
    });
    expect(await sql('SELECT * FROM organization_keys WHERE org_id = $1', [orgId])).toEqual(before);
  });
});

describe('the routes', () => {
  let app: ProductProcess;
  beforeAll(async () => {
    app = await startProductProcess();
  }, 120_000);
  afterAll(() => app.stop());

  test('show and change the keys of the caller’s organization alone', async () => {
    const mine = randomUUID();
    const theirs = randomUUID();
    const [token, foreign] = [await app.token('admin', mine), await app.token('admin', theirs)];
    const keys = `${app.url}/api/v1/organization/keys`;
    expect((await call(keys, 'GET', { token })).json).toEqual({ keys: [], rotation: null });
    const made = await call(`${app.url}/api/v1/data-sources`, 'POST', {
      token,
      body: { name: 'one', connection: nowhere('canary-71ab') },
    });
    expect(made.status).toBe(201);

    const rotated = await call(`${keys}/rotate`, 'POST', { token });
    expect(rotated.status).toBe(202);
    expect(rotated.json).toMatchObject({
      keys: [
        { version: 2, state: 'active', current_app_secret: true, destroyed_at: null },
        { version: 1, state: 'decrypt_only' },
      ],
      rotation: { to_version: 2 },
    });
    const state = async (): Promise<Record<string, unknown>> => (await call(keys, 'GET', { token })).json;
    await until(
      async () => (await state()).rotation !== null && JSON.stringify(await state()).includes('succeeded'),
      'the rotation succeeds',
    );
    expect(await state()).toMatchObject({
      keys: [
        { version: 2, secrets: 1 },
        { version: 1, secrets: 0 },
      ],
      rotation: { total: 1, done: 1, failed: 0 },
    });
    expect((await call(`${keys}/1`, 'DELETE', { token: foreign })).status).toBe(404);
    expect((await call(`${keys}/2`, 'DELETE', { token })).json).toMatchObject({ code: 'CONFLICT' });
    for (const wrong of ['0', '-1', 'x', '1.5', '99999999999'])
      expect([wrong, (await call(`${keys}/${wrong}`, 'DELETE', { token })).status]).toEqual([wrong, 422]);
    expect((await call(`${keys}/1?force=maybe`, 'DELETE', { token })).status).toBe(422);
    expect((await call(`${keys}/1`, 'DELETE', { token })).status).toBe(204);
    expect((await call(`${keys}/1`, 'DELETE', { token })).status).toBe(204);
    expect(await state()).toMatchObject({ keys: [{ version: 2 }, { version: 1, state: 'destroyed' }] });
    expect((await call(`${keys}/rewrap`, 'POST', { token })).json).toEqual({ rewrapped: 0 });
    expect((await call(keys, 'GET', { token: foreign })).json).toEqual({ keys: [], rotation: null });
    expect(app.output()).not.toContain('canary-71ab');
  }, 60_000);
});
