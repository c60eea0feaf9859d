import { describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TSchema } from 'typebox';
import { AppError, type FieldFault } from '../../src/common/app-error.js';
import { ConnectorRegistry } from '../../src/connectors/connector-registry.js';
import { CONNECTORS } from '../../src/connectors/drivers/index.js';
import { Plugins } from '../../src/connectors/plugins/plugins.js';
import { validateConnection, type ConnectorDefinition, type Marks } from '../../src/connectors/spi/index.js';
import { exampleConnection } from '../../src/openapi/request-examples.js';
import { randomKeys } from '../support/random-keys.js';

const CANARY = 'canary-2b7e151628aed2a6';
const REFUSALS: readonly string[] = ['CONFIG_INVALID', 'AMBIENT_CREDENTIALS_FORBIDDEN'];
const KEYS = 1_000;
const SEED = 20_260_101;
const ROOT = join(import.meta.dirname, '../..');

type Properties = Readonly<Record<string, TSchema & Marks & { properties?: Properties }>>;
interface Level {
  /** Names of the blocks around it; empty for the connection itself. */
  readonly path: readonly string[];
  readonly properties: Properties;
}

/** The connection itself, and each block in it. */
function levelsOf(properties: Properties, path: readonly string[] = []): Level[] {
  const blocks = Object.entries(properties).flatMap(([name, field]) =>
    field.properties ? levelsOf(field.properties, [...path, name]) : [],
  );
  return [{ path, properties }, ...blocks];
}

const levels = ({ spec }: ConnectorDefinition): Level[] => levelsOf(spec.properties as Properties);

/** A connection that is right but for one property more at a level, whatever its name. */
function withKey(
  definition: ConnectorDefinition,
  path: readonly string[],
  key: string,
  value: unknown,
): unknown {
  const connection = structuredClone(exampleConnection(definition));
  let at: Record<string, unknown> = connection;
  for (const name of path) at = (at[name] ??= {}) as Record<string, unknown>;
  Object.defineProperty(at, key, { value, enumerable: true, configurable: true, writable: true });
  return connection;
}

const escaped = (key: string): string => key.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');

/** The faults of a refused connection, none of which may hold the canary. */
function faultsOf(definition: ConnectorDefinition, connection: unknown): readonly FieldFault[] {
  try {
    validateConnection(definition, connection);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const told = JSON.stringify([error.message, error.details]);
    if (told.includes(CANARY)) throw new Error(`The value is told: ${told}`);
    if (!REFUSALS.includes(error.code)) throw new Error(`Not a refusal: ${error.code}`);
    expect(error.status).toBe(422);
    return error.details.errors ?? [];
  }
  return [];
}

/** What no field of any type may be called: drivers give each of these a meaning that a user must not have. */
const DANGEROUS: readonly string[] = [
  // T16, T26, T33: files of the server.
  ...['sslkey', 'sslcert', 'sslrootcert', 'sslcrl', 'ssl', 'sslmode', 'tlsCAFile', 'tlsCertificateKeyFile'],
  ...[
    'keyFilename',
    'keyFile',
    'key_file',
    'privateKeyPath',
    'passfile',
    'service',
    'servicefile',
    'wallet_location',
  ],
  ...['walletLocation', 'configDir', 'libDir', 'credential_source', 'ca_path', 'cert_path'],
  // T17, T18, T34, T37: another address, or a text that holds one.
  ...[
    'url',
    'uri',
    'dsn',
    'jdbc',
    'jdbc_url',
    'connectionString',
    'connection_string',
    'connectString',
    'hostaddr',
  ],
  ...[
    'socketPath',
    'socket_path',
    'socket',
    'sentinels',
    'lookup',
    'family',
    'localAddress',
    'stream',
    'connector',
  ],
  ...[
    'proxyHost',
    'proxyPort',
    'proxy',
    'https_proxy',
    'httpsProxy',
    'apiEndpoint',
    'accessUrl',
    'access_url',
  ],
  // T19, T20, T25, T37: options of drivers.
  ...['options', 'extra', 'params', 'parameters', 'properties', 'flags', 'settings', 'allowLoadLocalInfile'],
  ...['ALLOWLOADLOCALINFILE', '%61llowLoadLocalInfile', 'local_infile', 'infileStreamFactory', 'typeCast'],
  ...['multipleStatements', 'supportBigNumbers', 'bigNumberStrings', 'timezone', 'session_properties'],
  // T22, T23, T28: a login or TLS that is weaker.
  ...['enableCleartextPlugin', 'serverPublicKey', 'authPlugins', 'trustServerCertificate', 'encrypt'],
  ...[
    'rejectUnauthorized',
    'tlsAllowInvalidCertificates',
    'tlsAllowInvalidHostnames',
    'tlsInsecure',
    'insecure',
  ],
  ...['checkServerIdentity', 'sslServerDNMatch', 'ssl_server_dn_match', 'allowPublicKeyRetrieval'],
  // T30, T40, T41: what runs a command, a statement or a script.
  ...['autoEncryption', 'mongocryptdSpawnPath', 'passexec_cmd', 'passexec_expiration', 'post_connection_sql'],
  ...[
    'init',
    'INIT',
    'init_sql',
    'initSql',
    'proxyCommand',
    'localCommand',
    'agent',
    'agentForward',
    '$where',
    '$function',
  ],
  // T31, T33, T36: where tokens come from.
  ...['token_uri', 'oauthTokenRequestUrl', 'authenticator', 'credentials', 'metadata_url'],
  // Prototypes.
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'],
];

/** T13, T18, T34, T42 where the host is written: only names and addresses. */
const NO_HOSTS: readonly unknown[] = [
  ...[
    '/var/run/postgresql',
    '%2Fvar%2Frun%2Fmongodb.sock',
    '/var/run/redis.sock',
    'redis://h/0?path=/x.sock',
  ],
  ...['good:27017,evil:27017', '(ADDRESS_LIST=(ADDRESS=(HOST=evil)))', '10.255.255.1,127.0.0.1:1/XEPDB1'],
  ...[
    'config-file:///etc/passwd',
    'ldap://evil/',
    'good@evil',
    'https://good.com\\@evil.com/',
    'evil/#',
    'a b',
  ],
  ...[
    'evil?sslmode=disable',
    'host;rm',
    '$(id)',
    '`id`',
    '{{host}}',
    'a\u0000b',
    'a\r\nb',
    '[::1]:80',
    '',
    ' ',
  ],
  ...[['good', 'evil'], { host: 'evil' }, 1, true, null],
];

describe.each(CONNECTORS.map((definition) => [definition.type, definition] as const))(
  '%s',
  (_, definition) => {
    test('has an example that its spec takes, but for the secrets that it does not hold', () => {
      const faults = faultsOf(definition, exampleConnection(definition));
      expect(faults.filter(({ code }) => code !== 'required')).toEqual([]);
    });

    test(`refuses ${String(KEYS)} unknown keys at every level by their pointers, and never tells a value`, () => {
      for (const { path, properties } of levels(definition)) {
        const place = ['/connection', ...path].join('/');
        for (const key of randomKeys(KEYS, SEED)) {
          if (Object.hasOwn(properties, key)) continue;
          const pointers = faultsOf(definition, withKey(definition, path, key, CANARY)).map(
            ({ pointer }) => pointer,
          );
          if (!pointers.includes(`${place}/${escaped(key)}`))
            throw new Error(`${place}: ${JSON.stringify(key)} is not named, but ${JSON.stringify(pointers)}`);
        }
      }
    });

    test('has no field that a driver would take for more than it is, at any level', () => {
      for (const { path, properties } of levels(definition)) {
        const place = ['/connection', ...path].join('/');
        for (const key of DANGEROUS) {
          expect([place, key, Object.hasOwn(properties, key)]).toEqual([place, key, false]);
          for (const value of [CANARY, { [CANARY]: CANARY }, [CANARY], true]) {
            const found = faultsOf(definition, withKey(definition, path, key, value));
            expect(found).toContainEqual(expect.objectContaining({ pointer: `${place}/${escaped(key)}` }));
          }
        }
      }
      expect(({} as Record<string, unknown>)[CANARY]).toBeUndefined();
    });

    test('takes for a host only a name or an address, and for a PEM text no path', () => {
      for (const { path, properties } of levels(definition)) {
        const place = ['/connection', ...path].join('/');
        const refuses = (field: string, values: readonly unknown[]): void => {
          for (const value of values) {
            const pointers = faultsOf(definition, withKey(definition, path, field, value)).map(
              ({ pointer }) => pointer,
            );
            expect(pointers.filter((pointer) => pointer?.startsWith(`${place}/${field}`))).not.toEqual([]);
          }
        };
        for (const field of ['host', 'server_name'].filter((name) => name in properties))
          refuses(field, NO_HOSTS);
        for (const [field, { pattern }] of Object.entries(properties))
          if (String(pattern).includes('-----BEGIN'))
            refuses(field, [
              '/etc/passwd',
              '/etc/shadow',
              'file:///etc/passwd',
              '../key.pem',
              '~/.ssh/id_rsa',
              ['x'],
              null,
            ]);
      }
    });

    test('takes no URL of another scheme, where it takes one at all', () => {
      const schemes = [
        'file:///etc/passwd',
        'ftp://h/x',
        'gopher://h/x',
        'data:text/plain,x',
        'jar:file:/x!/y',
        'javascript:1',
      ];
      for (const { path, properties } of levels(definition))
        for (const [field, { format }] of Object.entries(properties)) {
          if (format !== 'uri' && !/(^|_)(url|uri)$/.test(field)) continue;
          for (const value of schemes)
            expect(faultsOf(definition, withKey(definition, path, field, value))).not.toEqual([]);
        }
    });
  },
);

describe('a type', () => {
  const registry = new ConnectorRegistry(new Plugins([]));
  const names = CONNECTORS.map(({ type }) => type);

  test.each([
    'sqlite+pysqlite',
    '__proto__',
    'constructor',
    'toString',
    '',
    ' ',
    '*',
    null,
    undefined,
    0,
    [],
    {},
  ])('%j is none', (type) => {
    expect(() => registry.get(type)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  test('is written in one way alone', () => {
    for (const name of names)
      for (const variant of [
        ...[
          name.toUpperCase(),
          `${name} `,
          ` ${name}`,
          `${name}\u0000`,
          `${name}+x`,
          `${name}://`,
          `${name}.js`,
        ],
        ...[name.replaceAll('_', '-'), encodeURIComponent(name[0] ?? '') + '%00', [name], { type: name }],
      ]) {
        if (typeof variant === 'string' && names.includes(variant)) continue;
        let fault: unknown;
        try {
          registry.get(variant);
        } catch (error) {
          fault = error;
        }
        expect(fault).toMatchObject({
          code: 'CONFIG_INVALID',
          details: { errors: [{ pointer: '/connection/type' }] },
        });
      }
  });

  test('is its own in the connection too', () => {
    for (const definition of CONNECTORS)
      expect(faultsOf(definition, { ...exampleConnection(definition), type: 'postgresql ' })).toContainEqual(
        expect.objectContaining({ pointer: '/connection/type' }),
      );
  });
});

describe('the source code', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );

  test('evaluates no text as a program', () => {
    const found = files.filter((file) =>
      /\beval\(|new Function\(|from 'node:vm'|from 'vm'|\brunInNewContext\b/.test(
        readFileSync(join(ROOT, 'src', file), 'utf8'),
      ),
    );
    expect(found).toEqual([]);
  });

  test('loads no package of a driver to know the types', async () => {
    const program = `import(${JSON.stringify(join(ROOT, 'src/connectors/connector-registry.ts'))})
      .then(({ SOURCE_TYPES }) => console.log(SOURCE_TYPES.length))`;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [
        ...['--import', join(ROOT, 'test/support/seen-modules.mjs')],
        ...['--import', join(ROOT, 'test/support/typescript.mjs')],
        ...['--input-type=module', '--eval', program],
      ],
      { cwd: ROOT, maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH, HOME: process.env.HOME } },
    );
    expect(Number(stdout)).toBe(CONNECTORS.length);
    const packages = new Set(
      [...stderr.matchAll(/^loaded ((?:@[^/]+\/)?[^/\n]+)/gm)].map(([, name = '']) => name),
    );
    // Nest's injector with what it needs, the specs, the pool of parsers, and the compiler of this very test.
    const allowed = [
      ...['@nestjs/common', 'iterare', 'reflect-metadata', 'rxjs', 'tslib', 'uid'],
      ...['typebox', 'piscina', '@swc/core'],
    ];
    const drivers = CONNECTORS.flatMap(({ driver }) => (driver === undefined ? [] : [driver]));
    expect(drivers.filter((name) => packages.has(name))).toEqual([]);
    expect([...packages].filter((name) => !allowed.includes(name)).sort()).toEqual([]);
  });
});
