import { describe, expect, test } from '@jest/globals';
import { Type } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import { destinationOf, secretFields, validateConnection } from '../../spi/index.js';
import { checkStore, storeEndpoint, storeFields, type StoreConfig } from './store-spec.js';

const spec = Type.Object(storeFields(), { additionalProperties: false });
const KEYS = { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'x' };

/** Pointers of the faults, or the code where it is another one. */
function faultsOf(config: unknown): string[] | string {
  try {
    validateConnection({ spec, check: checkStore }, config);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code !== 'CONFIG_INVALID') return error.code;
    return (error.details.errors ?? []).map(({ pointer = '' }) => pointer);
  }
}

describe('the stores of a file', () => {
  test('are one at most', () => {
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ s3: { bucket: 'acme', ...KEYS } })).toEqual([]);
    expect(faultsOf({ s3: { bucket: 'acme', ...KEYS }, http: { host: 'files.test' } })).toEqual([
      '/connection/http',
    ]);
  });

  test('never take the credentials of the machine', () => {
    expect(faultsOf({ s3: { bucket: 'acme' } })).toBe('AMBIENT_CREDENTIALS_FORBIDDEN');
    expect(faultsOf({ s3: { bucket: 'acme', anonymous: true } })).toEqual([]);
  });

  test.each([
    [{ s3: { bucket: 'a/b', ...KEYS } }, '/connection/s3/bucket'],
    [{ s3: { bucket: 'acme', ...KEYS, anonymous: true } }, '/connection/s3/anonymous'],
    [{ s3: { bucket: 'acme', ...KEYS, role_arn: 'x' } }, '/connection/s3/role_arn'],
    [{ s3: { bucket: 'acme', ...KEYS, external_id: 'abc' } }, '/connection/s3/external_id'],
    [{ s3: { bucket: 'acme', ...KEYS, host: 'http://evil' } }, '/connection/s3/host'],
    [{ s3: { bucket: 'acme', ...KEYS, tls: { mode: 'disable' } } }, '/connection/s3/tls/mode'],
    [{ s3: { bucket: 'acme', ...KEYS, port: 9_000 } }, '/connection/s3/port'],
    [{ gcs: { bucket: 'acme', service_account: '{}' } }, '/connection/gcs/service_account'],
    [
      { azure_blob: { account: 'acme', container: 'raw', tenant_id: 't' } },
      '/connection/azure_blob/client_id',
    ],
    [
      { azure_blob: { account: 'acme', container: 'raw', anonymous: true, client_id: 'c', tenant_id: 't' } },
      '/connection/azure_blob/anonymous',
    ],
    [{ http: { host: 'files.test', username: 'u', header_name: 'X-Key' } }, '/connection/http/header_name'],
    [{ http: { host: 'files.test', header_name: 'Host' } }, '/connection/http/header_name'],
    [{ http: { host: 'files.test', header_name: 'a\r\nb' } }, '/connection/http/header_name'],
    [{ http: { host: 'files.test', bearer_token: 'a\r\nb' } }, '/connection/http/bearer_token'],
  ])('refuse %j', (config, pointer) => {
    expect(faultsOf(config)).toContain(pointer);
  });

  test('say where they are', () => {
    const at = (config: StoreConfig) => {
      const { host, port } = storeEndpoint(config) ?? { host: 'none', port: 0 };
      return `${host}:${String(port)}`;
    };
    expect(at({})).toBe('none:0');
    expect(at({ s3: { bucket: 'acme', region: 'eu-west-1' } })).toBe('acme.s3.eu-west-1.amazonaws.com:443');
    expect(at({ s3: { bucket: 'acme', region: 'cn-north-1' } })).toBe(
      'acme.s3.cn-north-1.amazonaws.com.cn:443',
    );
    expect(at({ s3: { bucket: 'a.b', region: 'eu-west-1' } })).toBe('s3.eu-west-1.amazonaws.com:443');
    expect(at({ s3: { bucket: 'acme', host: 'Ceph.test.', port: 7480 } })).toBe('ceph.test:7480');
    expect(at({ s3: { bucket: 'acme', host: 'ceph.test', path_style: false } })).toBe('acme.ceph.test:443');
    expect(at({ gcs: { bucket: 'acme' } })).toBe('storage.googleapis.com:443');
    expect(at({ azure_blob: { account: 'acme', container: 'raw' } })).toBe('acme.blob.core.windows.net:443');
    expect(at({ http: { host: 'files.test', tls: { mode: 'disable' } } })).toBe('files.test:80');
  });

  test('keep their secrets apart, bound to where they are sent', () => {
    expect(secretFields(spec).filter((path) => !path.endsWith('tls.client_key'))).toEqual([
      's3.secret_access_key',
      's3.session_token',
      'gcs.service_account',
      'azure_blob.account_key',
      'azure_blob.sas_token',
      'azure_blob.client_secret',
      'http.password',
      'http.bearer_token',
      'http.header_value',
    ]);
    const now = destinationOf(spec, { s3: { bucket: 'acme', ...KEYS } });
    for (const change of [
      { bucket: 'other' },
      { host: 'evil.test' },
      { region: 'eu-west-1' },
      { role_arn: 'r' },
    ])
      expect(destinationOf(spec, { s3: { bucket: 'acme', ...KEYS, ...change } })).not.toBe(now);
    expect(destinationOf(spec, { s3: { bucket: 'acme', ...KEYS, secret_access_key: 'y' } })).toBe(now);
  });
});
