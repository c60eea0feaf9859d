import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../src/common/app-error.js';
import {
  destinationOf,
  joinSecrets,
  secretFields,
  splitSecrets,
  validateConnection,
  valueAt,
  type Marks,
} from '../../src/connectors/spi/index.js';
import { leaksIn, remember, type Bench, type Connection } from './contract-source.js';

const CANARY = 'canary-8f31c0a7';

/** The spec: one declaration that refuses what is unknown, knows its secrets and binds them to their destination. */
export function specContract(bench: () => Bench): void {
  const refused = (connection: unknown): AppError => {
    try {
      validateConnection(bench().definition, connection);
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(leaksIn(error)).toEqual([]);
      return error as AppError;
    }
    throw new Error('It was accepted.');
  };
  const changed = (fields: Readonly<Record<string, unknown>>): Connection => ({
    ...bench().source.connection,
    ...fields,
  });

  describe('the spec', () => {
    test('is JSON, and its type is the name of the connector', () => {
      const { definition, source } = bench();
      expect(JSON.parse(JSON.stringify(definition.spec))).toEqual(definition.spec);
      expect(definition.type).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(source.connection.type).toBe(definition.type);
      expect(refused(changed({ type: 'something_else' })).code).toBe('CONFIG_INVALID');
    });

    test.each(['nonsense', '__proto__', 'constructor', 'URL', 'options', 'socketPath', 'url'])(
      'refuses the unknown field %s by its pointer, and never tells its value',
      (name) => {
        remember(CANARY);
        const connection: unknown = JSON.parse(
          JSON.stringify(bench().source.connection).replace(
            /}$/,
            `,${JSON.stringify(name)}:${JSON.stringify(CANARY)}}`,
          ),
        );
        const fault = refused(connection);
        expect([fault.code, fault.status]).toEqual(['CONFIG_INVALID', 422]);
        expect(fault.details.errors).toContainEqual(
          expect.objectContaining({ pointer: `/connection/${name}` }),
        );
      },
    );

    test('refuses a field of the wrong kind by its pointer, and never tells its value', () => {
      remember(CANARY);
      const { connection } = bench().source;
      const properties = bench().definition.spec.properties as Record<string, { properties?: object }>;
      const blocks = Object.fromEntries(Object.entries(properties).filter(([, field]) => field.properties));
      for (const name of Object.keys(connection)) {
        for (const value of [[CANARY], { [CANARY]: CANARY }, `${CANARY}\u0000`, null]) {
          // A key inside of a block is told with its pointer.
          if (name in blocks && typeof value === 'object' && value !== null) continue;
          const faults = refused(changed({ [name]: value })).details.errors ?? [];
          for (const { pointer } of faults) expect(pointer).toMatch(new RegExp(`^/connection(/${name}|$)`));
        }
      }
    });

    test('knows its secrets: they are written only, split off whole and put back', () => {
      const { definition, source } = bench();
      const paths = secretFields(definition.spec);
      const { open, secrets } = splitSecrets(definition.spec, source.connection);
      for (const path of paths) expect(valueAt(open, path)).toBeUndefined();
      expect(joinSecrets(open, secrets)).toEqual(source.connection);
      expect(paths.filter((path) => /host|port|database|username|mode/.test(path))).toEqual([]);
    });

    test('binds secrets to where they are sent, and to nothing that is secret', () => {
      const { definition, source } = bench();
      const { spec } = definition;
      const now = destinationOf(spec, source.connection);
      const others: Connection[] = [];
      if ('host' in source.connection)
        others.push(
          changed({ host: 'elsewhere.test' }),
          changed({ port: 1 }),
          changed({ tls: { mode: 'verify_ca' } }),
          changed({ tls: { mode: 'disable', server_name: 'elsewhere.test' } }),
        );
      for (const [name, field] of Object.entries(spec.properties as Record<string, Marks>))
        if (field['x-destination'] === true && typeof source.connection[name] === 'string')
          others.push(changed({ [name]: 'elsewhere' }));
      expect(others.length).toBeGreaterThan(0);
      for (const other of others) expect(destinationOf(spec, other)).not.toBe(now);
      if ('password' in source.connection)
        expect(destinationOf(spec, changed({ password: 'another' }))).toBe(now);
    });

    test('wants a name or an address for a host, no path, list, URL or user part', () => {
      if (!('host' in bench().source.connection)) return;
      for (const host of [
        '/var/run/x.sock',
        '%2Fvar%2Frun%2Fx.sock',
        'a,b',
        'a:1',
        'http://a',
        'u@a',
        'a/b',
        'a?b=c',
        'a b',
        '',
        'a\u0000b',
        '(ADDRESS=x)',
      ])
        expect(refused(changed({ host })).details.errors).toContainEqual(
          expect.objectContaining({ pointer: '/connection/host' }),
        );
    });

    test('takes certificates and keys as text, never as a path', () => {
      if (!('host' in bench().source.connection)) return;
      for (const name of ['ca', 'client_cert', 'client_key'])
        expect(refused(changed({ tls: { [name]: '/etc/passwd' } })).details.errors).toContainEqual(
          expect.objectContaining({ pointer: `/connection/tls/${name}` }),
        );
    });
  });
}
