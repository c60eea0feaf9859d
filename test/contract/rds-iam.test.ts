import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { auroraMysql } from '../../src/connectors/drivers/aurora-mysql.js';
import { auroraPostgresql } from '../../src/connectors/drivers/aurora-postgresql.js';
import { rds } from '../../src/connectors/drivers/rds.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import { signedFor, startTokenGate, type TokenGate } from '../doubles/token-gate.js';
import { makeTlsMaterial, type TlsMaterial } from '../support/certificates.js';
import { describeOn, servers } from '../support/servers.js';
import {
  datasetsOf,
  discoverAll,
  faultOf,
  openSession,
  remember,
  type Connection,
} from './contract-source.js';

const KEY = { accessKeyId: 'AKIATEST', secretAccessKey: randomBytes(20).toString('hex') };
const REGION = 'eu-central-1';

describeOn('postgres', 'a login by IAM', () => {
  let gate: TokenGate;
  let tls: TlsMaterial;
  const connection = (changes: Connection = {}): Connection => ({
    type: 'aurora_postgresql',
    host: 'localhost',
    port: gate.port,
    database: 'postgres',
    username: 'reader',
    tls: { ca: tls.ca },
    iam: { region: REGION, access_key_id: KEY.accessKeyId, secret_access_key: KEY.secretAccessKey },
    ...changes,
  });
  const address = () => ({ host: '127.0.0.1', port: gate.port });

  beforeAll(async () => {
    const { host, port, username: user, password } = await servers.postgres();
    tls = makeTlsMaterial();
    gate = await startTokenGate({
      isGood: signedFor(KEY, REGION),
      tls: tls.server,
      server: { host, port, user, password },
    });
    remember(KEY.secretAccessKey);
  });
  afterAll(() => gate.stop());

  test.each(['aurora_postgresql', 'rds'])('of %s shows a fresh token for each connection', async (type) => {
    const definition = type === 'rds' ? rds : auroraPostgresql;
    const config = connection({ type, ...(type === 'rds' ? { engine: 'postgresql' } : {}) });
    const before = gate.tokens.length;
    for (let at = 0; at < 2; at += 1) {
      const session = await openSession(definition, config, { address: address() });
      await session.ping(AbortSignal.timeout(5_000));
      if (at === 0) expect(datasetsOf(await discoverAll(session)).size).toBeGreaterThanOrEqual(0);
      await session.close();
    }
    expect(gate.tokens.length - before).toBe(2);
  });

  test('with another key is AUTH_FAILED, and the key itself is never sent', async () => {
    const iam = { region: REGION, access_key_id: KEY.accessKeyId, secret_access_key: 'x'.repeat(40) };
    const fault = await faultOf(openSession(auroraPostgresql, connection({ iam }), { address: address() }));
    expect(fault.code).toBe('AUTH_FAILED');
    expect(gate.tokens.join()).not.toContain(KEY.secretAccessKey);
  });

  test('never shows its token to a server that is not proven', async () => {
    const before = gate.tokens.length;
    const config = connection({ tls: { ca: tls.otherCa } });
    expect((await faultOf(openSession(auroraPostgresql, config, { address: address() }))).code).toBe(
      'TLS_FAILED',
    );
    expect(gate.tokens.length).toBe(before);
  });

  test.each([
    [{ tls: { mode: 'disable' } }, '/connection/tls/mode'],
    [{ tls: { mode: 'require' } }, '/connection/tls/mode'],
    [{ password: 'both' }, '/connection/password'],
  ])('is refused with %j', (changes, pointer) => {
    for (const definition of [auroraPostgresql, auroraMysql, rds]) {
      const config = {
        ...connection(changes),
        type: definition.type,
        ...(definition === rds ? { engine: 'mysql' } : {}),
      };
      expect(() => validateConnection(definition, config)).toThrow(
        expect.objectContaining({ details: { errors: [expect.objectContaining({ pointer })] } }),
      );
    }
  });
});
