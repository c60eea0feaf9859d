import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { applicationToken } from '../../src/connectors/drivers/sqlserver/login.js';
import { azureFaults } from '../../src/connectors/drivers/sqlserver/spec.js';
import type { Address } from '../../src/connectors/spi/index.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { faultOf } from './contract-source.js';

const APPLICATION = {
  host: 'shop.database.windows.net',
  database: 'shop',
  auth: 'service_principal' as const,
  tenant_id: '11111111-2222-3333-4444-555555555555',
  client_id: '66666666-7777-8888-9999-000000000000',
  client_secret: 'secret & of = the application',
};
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

describe('the token of an application', () => {
  let server: Server;
  const tls = makeTlsMaterial(['login.microsoftonline.com']);
  const heard: { path: string; body: URLSearchParams }[] = [];
  let answer: readonly [status: number, body: string] = [500, ''];

  beforeAll(async () => {
    server = createServer(tls.server, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        heard.push({ path: request.url ?? '', body: new URLSearchParams(Buffer.concat(chunks).toString()) });
        response.writeHead(answer[0], {
          'content-type': 'application/json',
          location: 'http://127.0.0.1:1/',
        });
        response.end(answer[1]);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  const ask = async (status: number, body: string): Promise<string> => {
    answer = [status, body];
    const { port } = server.address() as AddressInfo;
    return applicationToken(
      { ...APPLICATION, tls: { ca: tls.ca } },
      { signal: signal(), locate: () => Promise.resolve({ host: '127.0.0.1', port }) },
    );
  };

  test('is asked for by the credentials of the connection alone', async () => {
    const token = 'eyJ0eXAiOiJKV1QiLCJhbGciOi.payload.signature';
    expect(await ask(200, JSON.stringify({ access_token: token, expires_in: 3_599 }))).toBe(token);
    expect(heard.at(-1)?.path).toBe('/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token');
    expect(Object.fromEntries(heard.at(-1)?.body ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: APPLICATION.client_id,
      client_secret: APPLICATION.client_secret,
      scope: 'https://database.windows.net/.default',
    });
  });

  test.each([
    [
      401,
      '{"error":"invalid_client","error_description":"AADSTS7000215 secret & of = the application"}',
      'AUTH_FAILED',
    ],
    [400, '{"error":"invalid_request"}', 'AUTH_FAILED'],
    [302, '', 'PROTOCOL'],
    [429, '', 'THROTTLED'],
    [200, 'no json', 'PROTOCOL'],
    [200, 'null', 'PROTOCOL'],
    [200, '{"access_token":"short"}', 'PROTOCOL'],
    [200, '{"access_token":"has\\r\\na line break in it, and more"}', 'PROTOCOL'],
  ])('%i %s is %s, and tells nothing of the answer', async (status, body, code) => {
    const fault = await faultOf(ask(status, body));
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain('application&');
  });

  test.each([
    ['public', 'login.microsoftonline.com'],
    ['us_government', 'login.microsoftonline.us'],
    ['china', 'login.partner.microsoftonline.cn'],
  ] as const)('of the cloud %s comes from an address that is judged', async (cloud, host) => {
    const asked: Address[] = [];
    const refused = applicationToken(
      { ...APPLICATION, cloud },
      {
        signal: signal(),
        address: { host: '127.0.0.1', port: 1 },
        locate: (where) => {
          asked.push(where);
          return Promise.reject(new Error('denied'));
        },
      },
    );
    await faultOf(refused);
    expect(asked).toEqual([{ host, port: 443 }]);
  });
});

test('each way to log in has its own fields, and TLS is not left out', () => {
  const pointers = (config: object): string[] =>
    azureFaults({ host: 'h', database: 'd', ...config }).map(({ pointer }) => pointer);
  expect(pointers(APPLICATION)).toEqual([]);
  expect(pointers({ username: 'u', password: 'p' })).toEqual([]);
  expect(pointers({})).toEqual(['/username']);
  expect(pointers({ auth: 'service_principal', username: 'u' })).toEqual([
    '/tenant_id',
    '/client_id',
    '/username',
  ]);
  expect(pointers({ username: 'u', client_secret: 's' })).toEqual(['/client_secret']);
  expect(pointers({ username: 'u', tls: { mode: 'disable' } })).toEqual(['/tls/mode']);
});
