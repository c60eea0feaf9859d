import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig } from './config.js';

const STRONG = 'vT3xq8Zk0mWcR7uJpY2sLd9fHb4nGa6e';
const folder = mkdtempSync(join(tmpdir(), 'datawave-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://db.internal/datawave',
  APP_SECRET: STRONG,
  JWT_SECRET: STRONG,
};

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('the configuration of production', () => {
  test('is fine with a database and strong secrets', () => {
    expect(faultsOf(production)).toEqual([]);
  });

  test('names everything that is missing at once', () => {
    const faults = faultsOf({ NODE_ENV: 'production' });
    for (const name of ['DATABASE_URL', 'APP_SECRET', 'JWT_SECRET'])
      expect(faults).toContainEqual(expect.stringContaining(name));
  });

  const weak: Record<string, string> = {
    empty: '',
    'one byte short': STRONG.slice(1),
    'one letter': 'a'.repeat(40),
    'a sample value': 'change-me-change-me-change-me-change-me',
    'a word': 'my-secret-key-my-secret-key-my-secret-key',
    'made of a password': 'password1234password1234password1234',
  };
  test.each(Object.entries(weak))('refuses a secret that is %s, without showing it', (_, value) => {
    for (const name of ['APP_SECRET', 'JWT_SECRET']) {
      const faults = faultsOf({ ...production, [name]: value });
      expect(faults).toEqual([expect.stringContaining(name)]);
      if (value !== '') expect(faults.join()).not.toContain(value);
    }
  });

  test('refuses one weak secret beside a strong one, and an empty place in the list', () => {
    expect(faultsOf({ ...production, APP_SECRET: `${STRONG},short` })).toHaveLength(1);
    expect(faultsOf({ ...production, APP_SECRET: `${STRONG},` })).toHaveLength(1);
    expect(loadConfig({ ...production, APP_SECRET: `${STRONG}, ${STRONG}x` }).appSecrets).toHaveLength(2);
  });

  test('wants two ports, and one for a worker', () => {
    const ports = { PORT: '4000', METRICS_PORT: '4000' };
    expect(faultsOf({ ...production, ...ports })).toEqual(['PORT and METRICS_PORT must differ.']);
    expect(faultsOf({ ...production, PORT: '0', METRICS_PORT: '0' })).toEqual([]);
    expect(faultsOf({ ...production, ...ports, ROLE: 'worker' })).toEqual([]);
  });

  test('takes a shared secret or an issuer for tokens, never both', () => {
    const issuer = {
      JWT_JWKS_URL: 'https://id.test/keys',
      JWT_ISSUER: 'https://id.test',
      JWT_AUDIENCE: 'datawave',
    };
    const { JWT_SECRET, ...rest } = production;
    expect(faultsOf({ ...rest, ...issuer })).toEqual([]);
    expect(faultsOf({ ...rest, ...issuer, JWT_SECRET })).toEqual([expect.stringContaining('keep one')]);
    expect(faultsOf({ ...rest, JWT_JWKS_URL: issuer.JWT_JWKS_URL })).toEqual([
      expect.stringContaining('JWT_ISSUER and JWT_AUDIENCE'),
    ]);
    expect(faultsOf({ ...rest, ...issuer, JWT_JWKS_URL: 'http://id.test/keys' })).toEqual([
      expect.stringContaining('https'),
    ]);
  });

  test.each([
    ['https://data.example.com', 'https://data.example.com'],
    ['HTTP://Data.Example.com:80/sources/', 'http://data.example.com/sources'],
    ['http://[::1]:8443/a/b//', 'http://[::1]:8443/a/b'],
  ])('takes PUBLIC_URL %s', (given, base) => {
    expect(loadConfig({ ...production, PUBLIC_URL: given }).publicUrl).toBe(base);
  });

  test.each([
    'data.example.com',
    'ftp://data.example.com',
    'https://user:password@data.example.com',
    'https://data.example.com/?a=1',
    'https://data.example.com/?',
    'https://data.example.com/#top',
    'https://',
  ])('refuses PUBLIC_URL %s', (given) => {
    expect(faultsOf({ ...production, PUBLIC_URL: given })).toEqual([
      expect.stringContaining('PUBLIC_URL must'),
    ]);
  });

  test('reads a secret from a file, and not from two places', () => {
    const file = join(folder, 'secret');
    writeFileSync(file, `${STRONG}\n`);
    const { APP_SECRET, ...rest } = production;
    expect(APP_SECRET).toBe(STRONG);
    expect(loadConfig({ ...rest, APP_SECRET_FILE: file }).appSecrets).toEqual([STRONG]);
    expect(faultsOf({ ...production, APP_SECRET_FILE: file })).toHaveLength(1);
    expect(faultsOf({ ...rest, APP_SECRET_FILE: join(folder, 'absent') })).toContainEqual(
      expect.stringContaining('cannot be read'),
    );
  });
});
