import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { exportJWK, SignJWT, type JWTPayload } from 'jose';
import { Clock } from '../common/clock.js';
import { loadConfig, type Config } from '../platform/config/config.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenVerifier } from './token-verifier.js';

const SECRET = 'c2bb7e1f9f4d4e0cb0d1a4f3e5a69788c2bb7e1f';
const ORG = '0197f000-0000-7000-8000-00000000000a';

class SetClock extends Clock {
  at = Date.now();
  now(): Date {
    return new Date(this.at);
  }
  monotonic(): number {
    return this.at;
  }
}

const clock = new SetClock();
const nowS = (): number => Math.floor(clock.at / 1_000);

function configOf(environment: Record<string, string>): Config {
  return loadConfig({
    NODE_ENV: 'production',
    DATABASE_URL: 'postgres://localhost/x',
    APP_SECRET: SECRET,
    JWT_ISSUER: 'issuer',
    JWT_AUDIENCE: 'audience',
    ...environment,
  });
}

const good = (): JWTPayload => ({
  iss: 'issuer',
  aud: 'audience',
  sub: 'alice',
  exp: nowS() + 60,
  org_id: ORG,
  roles: ['viewer'],
});

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** Any header over any claims, signed as told: jose itself would refuse to make most of them. */
function forge(header: object, claims: object, key: string | Buffer = SECRET): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const hs256 = (claims: object): string => forge({ alg: 'HS256' }, claims);

beforeEach(() => {
  clock.at = Date.now();
});

describe('tokens under a shared secret', () => {
  const config = configOf({ JWT_SECRET: SECRET });
  const verifier = new TokenVerifier(config, clock);

  test('name the caller', async () => {
    const token = await new TokenIssuer(config, clock).issue({
      orgId: ORG.toUpperCase(),
      userId: 'alice',
      roles: ['viewer', 'auditor'],
      ttlS: 60,
    });
    expect(await verifier.identify(token)).toEqual({
      orgId: ORG,
      userId: 'alice',
      roles: ['viewer', 'auditor'],
    });
    // And from memory.
    expect(await verifier.identify(token)).toEqual({
      orgId: ORG,
      userId: 'alice',
      roles: ['viewer', 'auditor'],
    });
  });

  test('that are remembered still expire', async () => {
    const token = hs256({ ...good(), exp: nowS() + 30 });
    expect(await verifier.identify(token)).toBeDefined();
    clock.at += 34_000;
    expect(await verifier.identify(token)).toBeDefined();
    clock.at += 2_000;
    expect(await verifier.identify(token)).toBeUndefined();
  });

  test('that are remembered are checked again after a minute', async () => {
    const token = hs256({ ...good(), exp: nowS() + 3_600 });
    expect(await verifier.identify(token)).toBeDefined();
    clock.at += 61_000;
    expect(await verifier.identify(token)).toBeDefined();
  });

  test('know unknown roles as nothing, and a missing list as no roles', async () => {
    const some = hs256({ ...good(), roles: ['root', 'viewer', 'viewer', '__proto__', 7, null, ['admin']] });
    expect((await verifier.identify(some))?.roles).toEqual(['viewer']);
    expect((await verifier.identify(hs256({ ...good(), roles: undefined })))?.roles).toEqual([]);
  });

  const jwk = { kty: 'oct', k: Buffer.from('attacker-attacker-attacker-attacker').toString('base64url') };
  const attacker = 'attacker-attacker-attacker-attacker';
  const refused: Record<string, () => string> = {
    'alg none, no signature': () => `${encode({ alg: 'none' })}.${encode(good())}.`,
    'alg none with a signature': () => forge({ alg: 'none' }, good()),
    'alg nOnE': () => forge({ alg: 'nOnE' }, good()),
    'no alg': () => forge({}, good()),
    'alg as a list': () => forge({ alg: ['HS256'] }, good()),
    'another HMAC algorithm': () => forge({ alg: 'HS512' }, good()),
    'an algorithm of public keys': () => forge({ alg: 'RS256' }, good()),
    'a stripped signature': () => `${hs256(good()).split('.').slice(0, 2).join('.')}.`,
    'two dots only': () => '..',
    'one part': () => 'token',
    'four parts': () => `${hs256(good())}.x`,
    'an encrypted token': () => 'a.b.c.d.e',
    'an empty secret': () => forge({ alg: 'HS256' }, good(), ''),
    'another secret': () => forge({ alg: 'HS256' }, good(), attacker),
    'a key of its own in jwk': () => forge({ alg: 'HS256', jwk }, good(), attacker),
    'keys of its own at jku': () => forge({ alg: 'HS256', jku: 'http://127.0.0.1:9/keys' }, good(), attacker),
    'a kid that is a path': () => forge({ alg: 'HS256', kid: '../../dev/null' }, good(), ''),
    'an unknown critical header': () => forge({ alg: 'HS256', crit: ['x'], x: 1 }, good()),
    'unencoded claims (b64)': () => forge({ alg: 'HS256', crit: ['b64'], b64: false }, good()),
    'claims that are no object': () => hs256([good()]),
    'changed claims': () => {
      const [head, , signature] = hs256(good()).split('.');
      return `${String(head)}.${encode({ ...good(), roles: ['admin'] })}.${String(signature)}`;
    },
    'another issuer': () => hs256({ ...good(), iss: 'other' }),
    'no issuer': () => hs256({ ...good(), iss: undefined }),
    'another audience': () => hs256({ ...good(), aud: 'other' }),
    'no audience': () => hs256({ ...good(), aud: undefined }),
    'no exp': () => hs256({ ...good(), exp: undefined }),
    'an exp that is text': () => hs256({ ...good(), exp: String(nowS() + 60) }),
    'an exp in the past': () => hs256({ ...good(), exp: nowS() - 6 }),
    'an nbf in the future': () => hs256({ ...good(), nbf: nowS() + 10 }),
    'no sub': () => hs256({ ...good(), sub: undefined }),
    'an empty sub': () => hs256({ ...good(), sub: '' }),
    'a long sub': () => hs256({ ...good(), sub: 'a'.repeat(201) }),
    'a sub with a line break': () => hs256({ ...good(), sub: 'a\nb' }),
    "the product's own name": () => hs256({ ...good(), sub: 'system:health' }),
    'no organization': () => hs256({ ...good(), org_id: undefined }),
    'an organization that is no UUID': () => hs256({ ...good(), org_id: `${ORG}'` }),
    'a list of organizations': () => hs256({ ...good(), org_id: [ORG] }),
    'roles as text': () => hs256({ ...good(), roles: 'admin' }),
    'roles as an object': () => hs256({ ...good(), roles: { admin: true } }),
    'a huge token': () => hs256({ ...good(), x: 'x'.repeat(8_192) }),
    'other characters': () => `${hs256(good())}\u0000`,
  };

  test.each(Object.entries(refused))('are refused: %s', async (_, make) => {
    expect(await verifier.identify(hs256(good()))).toBeDefined();
    expect(await verifier.identify(make())).toBeUndefined();
  });

  test('may name their claims by a path', async () => {
    const nested = new TokenVerifier(
      configOf({
        JWT_SECRET: SECRET,
        JWT_ORG_CLAIM: 'https://acme.test/org',
        JWT_ROLES_CLAIM: 'realm_access.roles',
      }),
      clock,
    );
    const claims = { ...good(), 'https://acme.test/org': ORG, realm_access: { roles: ['editor'] } };
    expect(await nested.identify(hs256(claims))).toEqual({ orgId: ORG, userId: 'alice', roles: ['editor'] });
    expect(await nested.identify(hs256(good()))).toBeUndefined();
  });
});

describe('tokens under the keys of an issuer', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = generateKeyPairSync('ed25519');
  let server: Server;
  let url: string;
  let answer: () => string;
  let fetched = 0;

  const sign = (alg: string, key: KeyObject, kid: string, header: object = {}): Promise<string> =>
    new SignJWT(good()).setProtectedHeader({ alg, kid, ...header }).sign(key);

  beforeAll(async () => {
    const keys = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' },
      { ...(await exportJWK(ec.publicKey)), kid: 'ec' },
      { ...(await exportJWK(ed.publicKey)), kid: 'ed' },
    ];
    answer = () => JSON.stringify({ keys });
    server = createServer((_, response) => {
      fetched += 1;
      response.setHeader('content-type', 'application/json').end(answer());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/keys`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const verifier = (jwksUrl = url): TokenVerifier =>
    new TokenVerifier(configOf({ NODE_ENV: 'test', APP_SECRET: SECRET, JWT_JWKS_URL: jwksUrl }), clock);

  test('are believed for each algorithm, and the keys are fetched once', async () => {
    const tokens = verifier();
    const before = fetched;
    for (const [alg, key, kid] of [
      ['RS256', rsa.privateKey, 'rsa'],
      ['PS256', rsa.privateKey, 'rsa'],
      ['ES256', ec.privateKey, 'ec'],
      ['EdDSA', ed.privateKey, 'ed'],
    ] as const)
      expect([alg, await tokens.identify(await sign(alg, key, kid))]).toEqual([
        alg,
        { orgId: ORG, userId: 'alice', roles: ['viewer'] },
      ]);
    expect(fetched - before).toBe(1);
  });

  test('are refused where HS256 is signed with the public key', async () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    for (const key of [pem, pem.toString().trim(), rsa.publicKey.export({ type: 'spki', format: 'der' })])
      expect(await verifier().identify(forge({ alg: 'HS256', kid: 'rsa' }, good(), key))).toBeUndefined();
  });

  test('are refused from another key, an unknown kid, an algorithm that is not on the list', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const publicJwk = await exportJWK(other.publicKey);
    const tokens = verifier();
    expect(await tokens.identify(await sign('RS256', other.privateKey, 'rsa'))).toBeUndefined();
    expect(
      await tokens.identify(await sign('RS256', other.privateKey, 'rsa', { jwk: publicJwk })),
    ).toBeUndefined();
    expect(await tokens.identify(await sign('RS256', rsa.privateKey, '../../dev/null'))).toBeUndefined();
    expect(await tokens.identify(await sign('RS512', rsa.privateKey, 'rsa'))).toBeUndefined();
    expect(await tokens.identify(`${encode({ alg: 'none' })}.${encode(good())}.`)).toBeUndefined();
  });

  test('cannot be checked while the keys cannot be fetched: 503, not 401', async () => {
    const token = await sign('RS256', rsa.privateKey, 'rsa');
    const unavailable = { code: 'IDENTITY_PROVIDER_UNAVAILABLE', status: 503, retryable: true };
    await expect(verifier('http://127.0.0.1:1/keys').identify(token)).rejects.toMatchObject(unavailable);
    const whole = answer;
    answer = () => '{"keys": "none"}';
    try {
      await expect(verifier().identify(token)).rejects.toMatchObject(unavailable);
    } finally {
      answer = whole;
    }
  });

  test('cannot be made here', async () => {
    const issuer = new TokenIssuer(configOf({ NODE_ENV: 'test', JWT_JWKS_URL: url }), clock);
    const request = { orgId: ORG, userId: 'alice', roles: ['viewer'], ttlS: 60 } as const;
    await expect(issuer.issue(request)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
