import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jwtVerify } from 'jose';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { cloudSql } from '../../src/connectors/drivers/cloud-sql.js';
import { validateConnection, type Address } from '../../src/connectors/spi/index.js';
import { startTokenGate, type TokenGate } from '../doubles/token-gate.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { describeOn, servers } from '../support/servers.js';
import { datasetsOf, discoverAll, faultOf, remember, type Connection } from './contract-source.js';

const EMAIL = 'reader@shop.iam.gserviceaccount.com';
const USER = 'reader@shop.iam';
const TOKEN_HOST = 'oauth2.googleapis.com';
const keyPair = (): ReturnType<typeof generateKeyPairSync> =>
  generateKeyPairSync('rsa', { modulusLength: 2_048 });
const known = keyPair();

const keyFile = ({ privateKey }: ReturnType<typeof keyPair>): string =>
  JSON.stringify({
    type: 'service_account',
    client_email: EMAIL,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });

describeOn('postgres', 'a login of Cloud SQL by IAM', () => {
  const tls = makeTlsMaterial(['localhost', '127.0.0.1', TOKEN_HOST]);
  const given = new Set<string>();
  let tokens: Server;
  let gate: TokenGate;
  const asked: string[] = [];

  /** Google's token server: the assertion must be signed by the key that it knows, for itself and for the scope of a login. */
  const exchange = async (body: string): Promise<string> => {
    const assertion = new URLSearchParams(body).get('assertion') ?? '';
    const { payload } = await jwtVerify(assertion, known.publicKey, {
      issuer: EMAIL,
      audience: `https://${TOKEN_HOST}/token`,
    });
    if (payload.scope !== 'https://www.googleapis.com/auth/sqlservice.login')
      throw new Error('another scope');
    const token = `ya29.${randomBytes(24).toString('hex')}`;
    given.add(token);
    remember(token);
    return token;
  };

  beforeAll(async () => {
    const { host, port, username: user, password } = await servers.postgres();
    gate = await startTokenGate({
      // Each token is good for one login here, so that a connection that shares one would be seen.
      isGood: (token, name) => name === USER && given.delete(token),
      tls: tls.server,
      server: { host, port, user, password },
    });
    tokens = createServer(tls.server, (request, response) => {
      text(request)
        .then(exchange)
        .then(
          (token) => response.end(JSON.stringify({ access_token: token, expires_in: 3_599 })),
          () => response.writeHead(400).end('{"error":"invalid_grant"}'),
        );
    });
    await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await gate.stop();
    await new Promise((resolve) => {
      tokens.close(resolve);
      tokens.closeAllConnections();
    });
  });

  const connection = (changes: Connection = {}): Connection => ({
    type: 'cloud_sql',
    engine: 'postgresql',
    host: 'localhost',
    port: gate.port,
    database: 'postgres',
    username: USER,
    auth: 'iam',
    service_account: keyFile(known),
    tls: { ca: tls.ca },
    ...changes,
  });
  /** Whoever asks for the token server is located by itself, as the egress policy has it. */
  const locate = ({ host, port }: Address): Promise<Address> => {
    asked.push(`${host}:${String(port)}`);
    return Promise.resolve({ host: '127.0.0.1', port: (tokens.address() as AddressInfo).port });
  };
  const open = async (changes: Connection = {}) => {
    const config = validateConnection(cloudSql, connection(changes)) as never;
    const address = { host: '127.0.0.1', port: gate.port };
    return cloudSql.open(config, { signal: AbortSignal.timeout(20_000), address, locate });
  };

  test('shows a fresh token for each connection, from an address that was judged', async () => {
    const before = gate.tokens.length;
    for (let at = 0; at < 2; at += 1) {
      const session = await open();
      await session.ping(AbortSignal.timeout(5_000));
      if (at === 0) expect(datasetsOf(await discoverAll(session)).size).toBeGreaterThanOrEqual(0);
      await session.close();
    }
    expect(new Set(gate.tokens.slice(before)).size).toBe(2);
    expect(new Set(asked)).toEqual(new Set([`${TOKEN_HOST}:443`]));
  });

  test('with a key that Google does not know is AUTH_FAILED, and nothing is shown to the instance', async () => {
    const before = gate.tokens.length;
    expect((await faultOf(open({ service_account: keyFile(keyPair()) }))).code).toBe('AUTH_FAILED');
    expect(gate.tokens.length).toBe(before);
  });

  test('as a user that the token is not for is AUTH_FAILED', async () => {
    expect((await faultOf(open({ username: 'another' }))).code).toBe('AUTH_FAILED');
  });

  test('never shows its token to a server that is not proven', async () => {
    const before = gate.tokens.length;
    expect((await faultOf(open({ tls: { ca: tls.otherCa } }))).code).toBe('TLS_FAILED');
    expect(gate.tokens.length).toBe(before);
  });

  test.each([
    [{ tls: { mode: 'disable' } }, '/connection/tls/mode'],
    [{ tls: { mode: 'require' } }, '/connection/tls/mode'],
    [{ password: 'both' }, '/connection/password'],
    [{ auth: 'password' }, '/connection/service_account'],
    [{ service_account: '{"type":"external_account"}' }, '/connection/service_account'],
  ])('is refused with %j', (changes, pointer) => {
    expect(() => validateConnection(cloudSql, connection(changes))).toThrow(
      expect.objectContaining({ details: { errors: [expect.objectContaining({ pointer })] } }),
    );
  });
});
