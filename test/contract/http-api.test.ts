import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { httpApi } from '../../src/connectors/drivers/http-api.js';
import { AppError } from '../../src/common/app-error.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import { HttpApiServer, type Reply, type SeenRequest } from '../doubles/http-api-server.js';
import { makeTlsMaterial } from '../support/certificates.js';
import {
  datasetsOf,
  discoverAll,
  faultOf,
  leaksIn,
  openSession,
  remember,
  type Connection,
} from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';
import { GRAPHQL, OPENAPI } from './http-api-fixture.js';

const tls = makeTlsMaterial();
const secretOf = (): string => {
  const made = randomBytes(12).toString('hex');
  remember(made);
  return made;
};

async function setUp(): Promise<ContractSource> {
  const [username, password] = ['reader', secretOf()];
  const login = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = await HttpApiServer.start(({ headers, url }) => {
    if (headers.authorization !== login) return { status: 401 };
    return url === '/v4/openapi.json' ? { body: OPENAPI } : { status: 404 };
  }, tls);
  return {
    connection: {
      type: 'http_api',
      host: 'localhost',
      port: server.port,
      base_path: '/v4',
      auth: 'basic',
      username,
      password,
      tls: { mode: 'disable' },
    },
    network: {
      address: server,
      wrongPassword: { password: secretOf() },
      wrongDatabase: { description_path: '/nowhere.json' },
      tls: { address: { host: server.host, port: server.tlsPort }, ca: tls.ca, otherCa: tls.otherCa },
    },
    scopes: ['api'],
    datasets: ['api./orders', 'api./orders/{id}', 'api./customers', 'api./outside'],
    filter: {
      include: ['api./orders*', 'api./c*'],
      exclude: ['*{id}'],
      leaves: ['api./orders', 'api./customers'],
    },
    check(found) {
      expect(found.size).toBe(4);
      expect(found.get('api./orders')).toMatchObject({
        kind: 'resource',
        comment: 'Lists the orders',
        properties: { methods: ['get', 'post'], parameters: ['limit'], items_at: 'data' },
        fields: [
          { name: 'id', type: 'uuid', native_type: 'string(uuid)', nullable: false },
          { name: 'state', type: 'enum', values: ['open', 'paid'], comment: 'Where it is.', nullable: false },
          { name: 'at', type: 'timestamp_tz' },
          { name: 'total', type: 'decimal', nullable: true },
          { name: 'customer', type: 'object', nullable: true },
          { name: 'labels', type: 'map' },
        ],
      });
      expect(found.get('api./orders/{id}')?.properties).toMatchObject({ parameters: ['id'] });
      expect(found.get('api./customers')?.fields).toMatchObject([
        { name: 'id', type: 'integer', native_type: 'integer(int64)', nullable: false },
        { name: 'email', type: 'string', nullable: true, max_length: 254 },
        { name: 'orders', type: 'array', native_type: 'array<object>' },
      ]);
      expect(found.get('api./outside')?.fields.map(({ type }) => type)).toEqual([
        'decimal',
        'unknown',
        'unknown',
        'unknown',
      ]);
    },
    tearDown: () => server.stop(),
  };
}

describeConnector(httpApi, { double: 'an HTTP API of the tests', stateless: true, setUp });

describe('an HTTP API', () => {
  let server: HttpApiServer;
  let answer: (request: SeenRequest) => Reply;
  beforeAll(async () => {
    server = await HttpApiServer.start((request) => answer(request), tls);
  });
  afterAll(() => server.stop());

  const connection = (fields: Connection): Connection => ({
    type: 'http_api',
    host: 'localhost',
    port: server.tlsPort,
    tls: { ca: tls.ca },
    ...fields,
  });
  const found = async (fields: Connection) => {
    const session = await openSession(httpApi, connection(fields));
    await session.ping(AbortSignal.timeout(10_000));
    const events = await discoverAll(session);
    await session.close();
    expect(leaksIn(events)).toEqual([]);
    return { events, datasets: datasetsOf(events), server: session.server };
  };
  const refused = (fields: Connection): string[] => {
    try {
      validateConnection(httpApi, connection(fields));
    } catch (error) {
      return ((error as AppError).details.errors ?? []).map(({ pointer = '' }) =>
        pointer.replace('/connection', ''),
      );
    }
    return [];
  };

  describe('takes the login', () => {
    const docs =
      (fits: (request: SeenRequest) => boolean) =>
      (request: SeenRequest): Reply =>
        fits(request) ? { body: OPENAPI } : { status: 401 };

    test('of a bearer token', async () => {
      const bearer_token = secretOf();
      answer = docs(({ headers }) => headers.authorization === `Bearer ${bearer_token}`);
      const { server: info } = await found({ auth: 'bearer', bearer_token });
      expect(info).toEqual({ product: 'Shop API', version: '4.2.0' });
    });

    test('of an API key in a header, and in the query', async () => {
      const api_key = `${secretOf()}&x=`;
      answer = docs(({ headers }) => headers['x-shop-key'] === api_key);
      await found({ auth: 'api_key', api_key, api_key_name: 'X-Shop-Key' });
      answer = docs(({ url }) => new URL(url, 'http://x').searchParams.get('key') === api_key);
      const query = { auth: 'api_key', api_key, api_key_name: 'key', api_key_in: 'query' };
      await found({ ...query, description_path: '/openapi.json?v=3' });
    });

    test.each(['basic', 'body'])(
      'of OAuth 2.0 with the client in the %s, and fetches a new token',
      async (place) => {
        const client_secret = secretOf();
        const tokens: string[] = [];
        answer = ({ url, headers, body }) => {
          if (url !== '/token')
            return docs(() => headers.authorization === `Bearer ${tokens.at(-1) ?? ''}`)({} as SeenRequest);
          const form = new URLSearchParams(body);
          const given =
            place === 'body'
              ? [form.get('client_id'), form.get('client_secret')]
              : Buffer.from((headers.authorization ?? '').slice(6), 'base64')
                  .toString()
                  .split(':')
                  .map(decodeURIComponent);
          if (
            given[0] !== 'c:1' ||
            given[1] !== client_secret ||
            form.get('grant_type') !== 'client_credentials'
          )
            return { status: 401, body: { error: 'invalid_client' } };
          tokens.push(secretOf());
          return { body: { access_token: tokens.at(-1), token_type: 'bearer', expires_in: 3600 } };
        };
        const oauth2 = {
          token_url: `https://localhost:${String(server.tlsPort)}/token`,
          client_id: 'c:1',
          client_auth: place,
          scope: 'read',
        };
        const session = await openSession(
          httpApi,
          connection({ auth: 'oauth2', oauth2: { ...oauth2, client_secret } }),
        );
        await session.ping(AbortSignal.timeout(10_000));
        expect(tokens).toHaveLength(1);
        // The API takes the old token no more.
        tokens.push(secretOf());
        await session.ping(AbortSignal.timeout(10_000));
        expect(tokens).toHaveLength(3);
        await session.close();
        const wrong = { ...oauth2, client_secret: secretOf() };
        const fault = await faultOf(openSession(httpApi, connection({ auth: 'oauth2', oauth2: wrong })));
        expect(fault.code).toBe('AUTH_FAILED');
      },
    );

    test('of OAuth 2.0 through the judge of addresses alone', async () => {
      const asked: unknown[] = [];
      const denied = new AppError('EGRESS_DENIED', 'no');
      const oauth2 = {
        token_url: 'https://metadata.google.internal/token',
        client_id: 'c',
        client_secret: secretOf(),
      };
      const config = validateConnection(httpApi, connection({ auth: 'oauth2', oauth2 }));
      const opened = httpApi.open(config as never, {
        signal: AbortSignal.timeout(10_000),
        address: { host: server.host, port: server.tlsPort },
        locate: (where) => {
          asked.push(where);
          return Promise.reject(denied);
        },
      });
      expect((await faultOf(opened)).code).toBe('EGRESS_DENIED');
      expect(asked).toEqual([{ host: 'metadata.google.internal', port: 443 }]);
    });
  });

  test('that knows entity tags sends its description once for all checks', async () => {
    const sent: number[] = [];
    answer = ({ headers }) => {
      sent.push(headers['if-none-match'] === '"v1"' ? 304 : 200);
      return sent.at(-1) === 304 ? { status: 304 } : { headers: { etag: '"v1"' }, body: OPENAPI };
    };
    const session = await openSession(httpApi, connection({}));
    for (let at = 0; at < 3; at += 1) await session.ping(AbortSignal.timeout(10_000));
    await session.close();
    expect(sent).toEqual([200, 200, 304, 304]);
  });

  test('by GraphQL has a resource for each field of the root', async () => {
    const bearer_token = secretOf();
    answer = ({ method, url, body, headers }) => {
      if (headers.authorization !== `Bearer ${bearer_token}`) return { status: 401 };
      if (method !== 'POST' || url !== '/graphql') return { status: 404 };
      const { query } = JSON.parse(body) as { query: string };
      return { body: { data: query.includes('__schema') ? GRAPHQL : { __typename: 'Query' } } };
    };
    const { datasets } = await found({ described_by: 'graphql', auth: 'bearer', bearer_token });
    expect([...datasets.keys()]).toEqual(['api.orders', 'api.customers']);
    expect(datasets.get('api.orders')).toMatchObject({
      comment: 'All orders',
      properties: { type: 'Order', list: true, arguments: ['first'] },
      fields: [
        { name: 'id', native_type: 'ID!', type: 'string', nullable: false },
        { name: 'state', type: 'enum', values: ['OPEN', 'PAID'] },
        { name: 'customer', type: 'object', fields: [{ name: 'name' }, { name: 'orders', type: 'array' }] },
      ],
    });
    expect(datasets.get('api.customers')).toMatchObject({
      comment: 'Who buys',
      properties: { type: 'Customer' },
    });
  });

  test('whose introspection is off says so', async () => {
    answer = ({ body }) =>
      body.includes('__schema')
        ? { status: 200, body: { errors: [{ message: 'no introspection' }] } }
        : { body: { data: { __typename: 'Query' } } };
    const { events } = await found({ described_by: 'graphql' });
    expect(events.at(-1)).toMatchObject({ status: 'failed', code: 'PERMISSION_DENIED' });
  });

  test('by samples has fields that are inferred, and tells a path that failed', async () => {
    answer = ({ url }) => {
      if (url === '/orders?limit=2') return { body: { total: 9, rows: [{ id: 1, at: 'x' }, { id: 2 }] } };
      return url === '/me' ? { body: { name: 'a', tags: ['x'] } } : { status: 403 };
    };
    const { datasets, events } = await found({
      described_by: 'samples',
      resources: ['/orders?limit=2', '/me', '/secret'],
    });
    expect(datasets.get('api./orders?limit=2')).toMatchObject({
      properties: { sampled_records: 2, items_at: 'rows' },
      fields: [
        { name: 'id', type: 'integer', inferred: true, prevalence: 1 },
        { name: 'at', prevalence: 0.5 },
      ],
    });
    expect(datasets.get('api./me')?.fields.map(({ name }) => name)).toEqual(['name', 'tags']);
    expect(events.at(-1)).toMatchObject({ status: 'partial', reason: expect.stringContaining('/secret') });
  });

  test('T45: that redirects is not followed, and its login goes nowhere else', async () => {
    const bearer_token = secretOf();
    const dials: SeenRequest[] = [];
    const elsewhere = await HttpApiServer.start((request) => (dials.push(request), { body: OPENAPI }), tls);
    for (const status of [301, 302, 303, 307, 308]) {
      answer = () => ({
        status,
        headers: { location: `http://127.0.0.1:${String(elsewhere.port)}/openapi.json` },
      });
      const fault = await faultOf(openSession(httpApi, connection({ auth: 'bearer', bearer_token })));
      expect(fault.code).toBe('PROTOCOL');
    }
    expect(dials).toEqual([]);
    await elsewhere.stop();
  });

  test('takes no path that leads to another host', () => {
    const paths = [
      '//evil/x',
      'https://evil/x',
      '@evil/x',
      '\\\\evil',
      '/a b',
      '/a\r\nx: y',
      'x',
      '/a#b',
      '',
    ];
    for (const path of paths) {
      expect(refused({ description_path: path })).toEqual(['/description_path']);
      expect(refused({ base_path: path })).toEqual(['/base_path']);
      expect(refused({ described_by: 'samples', resources: [path] })).toEqual(['/resources/0']);
    }
  });

  test('takes a token URL over https alone, without user, query or list', () => {
    const at = (token_url: string) => refused({ auth: 'oauth2', oauth2: { token_url, client_id: 'c' } });
    for (const url of [
      'file:///etc/passwd',
      'http://169.254.169.254/',
      'http://localhost/token',
      'https://good@evil/token',
      'https://good.com\\@evil.com/token',
      'https://a,b/token',
      'https://a/token?x=y',
      'https://a:99999/token',
      'javascript:alert(1)//@x.com',
      'data:text/plain,x',
    ])
      expect(at(url)).toEqual(['/oauth2/token_url']);
    expect(at('https://login.example.com/oauth2/token')).toEqual([]);
  });

  test.each<[string, Connection, string]>([
    ['a login that is not chosen', { bearer_token: 'x' }, '/bearer_token'],
    ['basic without a name', { auth: 'basic', password: 'x' }, '/username'],
    ['oauth2 without its block', { auth: 'oauth2' }, '/oauth2'],
    [
      'a key in the header of the host',
      { auth: 'api_key', api_key: 'x', api_key_name: 'Host' },
      '/api_key_name',
    ],
    ['a token of two lines', { auth: 'bearer', bearer_token: 'x\r\ny: z' }, '/bearer_token'],
    ['samples of nothing', { described_by: 'samples' }, '/resources'],
    ['resources of OpenAPI', { resources: ['/a'] }, '/resources'],
  ])('refuses %s', (_what, fields, pointer) => {
    expect(refused(fields)).toEqual([pointer]);
  });

  test.each<[string, unknown]>([
    ['OpenAPI 2', { swagger: '2.0' }],
    ['no JSON', 'openapi: 3.0.0'],
    ['a list', []],
    ['a future version', { openapi: '4.0.0' }],
  ])('whose description is %s is PROTOCOL', async (_what, body) => {
    answer = () => ({ body });
    expect((await faultOf(openSession(httpApi, connection({})))).code).toBe('PROTOCOL');
  });

  test('whose references multiply is cut, told, and costs little', async () => {
    const width = 40;
    const schemas = Object.fromEntries(
      Array.from({ length: 30 }, (_, level) => [
        `L${String(level)}`,
        {
          type: 'object',
          properties: Object.fromEntries(
            Array.from({ length: width }, (_, at) => [
              `f${String(at)}`,
              { $ref: `#/components/schemas/L${String(level + 1)}` },
            ]),
          ),
        },
      ]),
    );
    const bomb = { $ref: '#/components/schemas/L0' };
    const circle = { allOf: Array.from({ length: 50 }, () => ({ $ref: '#/components/schemas/Circle' })) };
    const get = (schema: object) => ({
      get: { responses: { 200: { content: { 'application/json': { schema } } } } },
    });
    answer = () => ({
      body: {
        ...OPENAPI,
        paths: { '/bomb': get(bomb), '/circle': get(circle), '/__proto__': get({ $ref: '#/__proto__/x' }) },
        components: { schemas: { ...schemas, Circle: circle } },
      },
    });
    const { datasets, events } = await found({});
    expect(datasets.size).toBe(3);
    expect(events.at(-1)).toMatchObject({ status: 'partial', reason: expect.stringContaining('/circle') });
  });
});
