import type { CallOptions } from './app.js';

/** A request, what it must be answered with, and the place that the answer must name. */
export type Case = readonly [
  title: string,
  request: readonly [method: string, path: string, options?: CallOptions],
  answer: readonly [status: number, code: string, place?: string],
];

/** It stands in many of the requests, and must stand in no answer. */
export const SECRET = 'hunter2-must-not-come-back';
export const csv = { type: 'csv', file_path: 'a.csv' };
const sql = { type: 'postgresql', host: 'db.example.com', database: 'd', username: 'u', password: SECRET };
export const many = (count: number, item: (n: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, n) => item(n));
export const text = (body: unknown, changes: Record<string, string> = {}): CallOptions => ({
  body,
  headers: changes,
});

const create = (body: unknown, headers: Record<string, string> = {}): Case[1] => [
  'POST',
  '/data-sources',
  text(body, headers),
];
const connecting = (changes: Record<string, unknown>): Case[1] =>
  create({ name: 'bad', connection: { ...sql, ...changes } });
const patching = (body: unknown, headers: Record<string, string> = {}): Case[1] => [
  'PATCH',
  '/data-sources/:id',
  text(body, headers),
];
const get = (path: string): Case[1] => ['GET', path];

export const BODIES: readonly Case[] = [
  ['no JSON', create('{"name":'), [400, 'MALFORMED_REQUEST']],
  ['an empty body', create(''), [422, 'VALIDATION_FAILED', '/name']],
  ['null', create('null'), [422, 'VALIDATION_FAILED', '']],
  ['a list', create([]), [422, 'VALIDATION_FAILED', '']],
  ['a text', create('"x"'), [422, 'VALIDATION_FAILED', '']],
  [
    'a form',
    create('name=a', { 'content-type': 'application/x-www-form-urlencoded' }),
    [415, 'UNSUPPORTED_MEDIA_TYPE'],
  ],
  ['plain text', create('{}', { 'content-type': 'text/plain' }), [415, 'UNSUPPORTED_MEDIA_TYPE']],
  ['XML', create('<a/>', { 'content-type': 'application/xml' }), [415, 'UNSUPPORTED_MEDIA_TYPE']],
  ['10 MB', create({ name: 'a'.repeat(10_000_000) }), [413, 'PAYLOAD_TOO_LARGE']],
  [
    'a name of a million signs',
    create({ name: 'a'.repeat(1_000_000), connection: csv }),
    [422, 'VALIDATION_FAILED', '/name'],
  ],
  [
    '100,000 tags',
    create({ name: 'x', connection: csv, tags: many(100_000, (n) => `t${String(n)}`) }),
    [413, 'PAYLOAD_TOO_LARGE', '/tags'],
  ],
  [
    '1,900 tags',
    create({ name: 'x', connection: csv, tags: many(1_900, (n) => `t${String(n)}`) }),
    [422, 'VALIDATION_FAILED', '/tags'],
  ],
  [
    '50,000 fields',
    create(Object.fromEntries(many(50_000, (n) => [`k${String(n)}`, 1]) as [string, number][])),
    [413, 'PAYLOAD_TOO_LARGE', ''],
  ],
  [
    '150 fields',
    create({
      name: 'x',
      connection: {
        ...csv,
        ...Object.fromEntries(many(150, (n) => [`k${String(n)}`, 1]) as [string, number][]),
      },
    }),
    [422, 'CONFIG_INVALID', '/connection/k0'],
  ],
  [
    '400,000 lists in lists',
    create(`{"connection":${'['.repeat(400_000)}${']'.repeat(400_000)}}`),
    [422, 'VALIDATION_FAILED', `/connection${'/0'.repeat(31)}`],
  ],
  ['__proto__', create('{"name":"x","__proto__":{"admin":1}}'), [422, 'VALIDATION_FAILED', '/__proto__']],
  [
    'constructor',
    create('{"name":"x","constructor":{"prototype":{}}}'),
    [422, 'VALIDATION_FAILED', '/constructor'],
  ],
  [
    'an escaped constructor',
    create('{"connection":{"constr\\u0075ctor":1}}'),
    [422, 'VALIDATION_FAILED', '/connection/constructor'],
  ],
  [
    'prototype',
    create({ name: 'x', connection: { ...csv, prototype: 1 } }),
    [422, 'VALIDATION_FAILED', '/connection/prototype'],
  ],
  [
    'toString',
    create({ name: 'x', connection: { ...csv, toString: 1 } }),
    [422, 'CONFIG_INVALID', '/connection/toString'],
  ],
  [
    'an unknown field',
    create({ name: 'x', connection: csv, password: SECRET }),
    [422, 'VALIDATION_FAILED', '/password'],
  ],
  [
    'an unknown field with a slash',
    create({ name: 'x', connection: csv, 'a/b~c': 1 }),
    [422, 'VALIDATION_FAILED', '/a~1b~0c'],
  ],
  ['NUL in a name', create({ name: 'a\u0000b', connection: csv }), [422, 'VALIDATION_FAILED', '/name']],
  [
    'NUL in a description',
    create({ name: 'x', description: '\u0000', connection: csv }),
    [422, 'VALIDATION_FAILED', '/description'],
  ],
  [
    'half a surrogate pair',
    create('{"name":"\\ud800","connection":{}}'),
    [422, 'VALIDATION_FAILED', '/name'],
  ],
  [
    'half a surrogate pair in a connection',
    create(`{"name":"x","connection":{"type":"postgresql","database":"\\udc00"}}`),
    [422, 'VALIDATION_FAILED', '/connection/database'],
  ],
  ['a list as a name', create({ name: ['x'], connection: csv }), [422, 'VALIDATION_FAILED', '/name']],
  ['spaces as a name', create({ name: '   ', connection: csv }), [422, 'VALIDATION_FAILED', '/name']],
  [
    'a list as a connection',
    create({ name: 'x', connection: [] }),
    [422, 'VALIDATION_FAILED', '/connection'],
  ],
  ['a text as tags', create({ name: 'x', connection: csv, tags: 'x' }), [422, 'VALIDATION_FAILED', '/tags']],
  ['a list as pool', create({ name: 'x', connection: csv, pool: [] }), [422, 'VALIDATION_FAILED', '/pool']],
  [
    'a text as an interval',
    create({ name: 'x', connection: csv, health: { interval_s: '60' } }),
    [422, 'VALIDATION_FAILED', '/health/interval_s'],
  ],
  [
    'half a second',
    create({ name: 'x', connection: csv, health: { interval_s: 60.5 } }),
    [422, 'VALIDATION_FAILED', '/health/interval_s'],
  ],
  [
    'both file_path and storage_file_id',
    create({ name: 'x', connection: { type: 'csv' }, file_path: 'a', storage_file_id: 'b' }),
    [422, 'VALIDATION_FAILED', '/storage_file_id'],
  ],
];

export const CONNECTIONS: readonly Case[] = [
  ['no type', create({ name: 'x', connection: {} }), [422, 'CONFIG_INVALID', '/connection/type']],
  ['a type of no connector', connecting({ type: 'abacus' }), [422, 'CONFIG_INVALID', '/connection/type']],
  ['a list as a type', connecting({ type: ['csv'] }), [422, 'CONFIG_INVALID', '/connection/type']],
  ['a type of Object', connecting({ type: 'toString' }), [422, 'CONFIG_INVALID', '/connection/type']],
  [
    'an unknown field',
    connecting({ url: `postgres://u:${SECRET}@h/d` }),
    [422, 'CONFIG_INVALID', '/connection/url'],
  ],
  [
    'a URL as a host',
    connecting({ host: `http://u:${SECRET}@h/` }),
    [422, 'CONFIG_INVALID', '/connection/host'],
  ],
  [
    'a socket as a host',
    connecting({ host: '/var/run/postgresql' }),
    [422, 'CONFIG_INVALID', '/connection/host'],
  ],
  ['a text as a port', connecting({ port: '5432' }), [422, 'CONFIG_INVALID', '/connection/port']],
  ['a port above all', connecting({ port: 65_536 }), [422, 'CONFIG_INVALID', '/connection/port']],
  ['NUL in a database', connecting({ database: 'a\u0000' }), [422, 'CONFIG_INVALID', '/connection/database']],
  ['an object as a user', connecting({ username: {} }), [422, 'CONFIG_INVALID', '/connection/username']],
  [
    'a list as a password',
    connecting({ password: [SECRET] }),
    [422, 'CONFIG_INVALID', '/connection/password'],
  ],
  [
    'NUL in a password',
    connecting({ password: `${SECRET}\u0000` }),
    [422, 'CONFIG_INVALID', '/connection/password'],
  ],
  [
    'an unknown TLS mode',
    connecting({ tls: { mode: 'prefer' } }),
    [422, 'CONFIG_INVALID', '/connection/tls/mode'],
  ],
  [
    'a path as a CA',
    connecting({ tls: { ca: '/etc/passwd' } }),
    [422, 'CONFIG_INVALID', '/connection/tls/ca'],
  ],
  [
    'a path out of the folder',
    create({ name: 'x', connection: { type: 'csv', file_path: '../a' } }),
    [422, 'CONFIG_INVALID', '/connection/file_path'],
  ],
  [
    'a host name of 254 signs',
    connecting({ host: 'a'.repeat(254) }),
    [422, 'CONFIG_INVALID', '/connection/host'],
  ],
];

export const CHANGES: readonly Case[] = [
  ['null as a name', patching({ name: null }), [422, 'VALIDATION_FAILED', '/name']],
  ['null as a connection', patching({ connection: null }), [422, 'VALIDATION_FAILED', '/connection']],
  ['another type', patching({ connection: { type: 'json' } }), [422, 'CONFIG_INVALID', '/connection/type']],
  ['fields of the system', patching({ id: 'x', status: 'active' }), [422, 'VALIDATION_FAILED', '/status']],
  [
    'a merge patch that is a list',
    patching([], { 'content-type': 'application/merge-patch+json' }),
    [422, 'VALIDATION_FAILED', ''],
  ],
  [
    'a JSON patch',
    patching([], { 'content-type': 'application/json-patch+json' }),
    [415, 'UNSUPPORTED_MEDIA_TYPE'],
  ],
  [
    'a tag of another version',
    patching({ description: 'x' }, { 'if-match': '"v999"' }),
    [412, 'VERSION_MISMATCH'],
  ],
  ['a tag that is none', patching({ description: 'x' }, { 'if-match': 'x' }), [412, 'VERSION_MISMATCH']],
  ['a weak tag', patching({ description: 'x' }, { 'if-match': 'W/"v1"' }), [412, 'VERSION_MISMATCH']],
  [
    'secrets of a type without',
    ['PATCH', '/data-sources/:id/credentials', text({ password: SECRET })],
    [422, 'VALIDATION_FAILED', '/password'],
  ],
  ['no secrets at all', ['PATCH', '/data-sources/:id/credentials', text({})], [422, 'VALIDATION_FAILED', '']],
  [
    'an end in the past',
    ['POST', '/data-sources/:id/pause', text({ until: '2020-01-01T00:00:00Z' })],
    [422, 'VALIDATION_FAILED', '/until'],
  ],
  [
    'an end without a zone',
    ['POST', '/data-sources/:id/pause', text({ until: '2099-01-01T00:00:00' })],
    [422, 'VALIDATION_FAILED', '/until'],
  ],
  [
    'an end that is no day',
    ['POST', '/data-sources/:id/maintenance', text({ until: '2099-02-31T00:00:00Z' })],
    [422, 'VALIDATION_FAILED', '/until'],
  ],
  ['no end', ['POST', '/data-sources/:id/maintenance', text({})], [422, 'VALIDATION_FAILED', '/until']],
  [
    'a forced deletion in the body',
    ['DELETE', '/data-sources/:id', text({ force: true })],
    [422, 'VALIDATION_FAILED', '/force'],
  ],
  [
    'a forced deletion by yes',
    ['DELETE', '/data-sources/:id?force=yes'],
    [422, 'VALIDATION_FAILED', 'force'],
  ],
  [
    'a selective run of nothing',
    ['POST', '/data-sources/:id/discover-schema', text({ mode: 'selective' })],
    [422, 'VALIDATION_FAILED', '/include'],
  ],
  [
    'globs for a full run',
    ['POST', '/data-sources/:id/discover-schema', text({ mode: 'full', include: ['a'] })],
    [422, 'VALIDATION_FAILED', '/include'],
  ],
  [
    'NUL in a glob',
    ['POST', '/data-sources/:id/discover-schema', text({ mode: 'selective', include: ['\u0000'] })],
    [422, 'VALIDATION_FAILED', '/include'],
  ],
  [
    'an unknown mode',
    ['POST', '/data-sources/:id/discover-schema', text({ mode: ['full'] })],
    [422, 'VALIDATION_FAILED', '/mode'],
  ],
];

export const QUERIES: readonly Case[] = [
  ...['limit=0', 'limit=101', 'limit=0x10', 'limit=', 'limit=1e1', 'limit=1&limit=2'].map((query): Case => [
    query,
    get(`/data-sources?${query}`),
    [422, 'VALIDATION_FAILED', 'limit'],
  ]),
  ['limit[]', get('/data-sources?limit[]=1'), [422, 'VALIDATION_FAILED', 'limit[]']],
  ['an unknown parameter', get('/data-sources?nope=1'), [422, 'VALIDATION_FAILED', 'nope']],
  ['__proto__', get('/data-sources?__proto__=1'), [422, 'VALIDATION_FAILED', '__proto__']],
  ['constructor', get('/data-sources?constructor=1'), [422, 'VALIDATION_FAILED', 'constructor']],
  ['NUL', get('/data-sources?q=%00'), [422, 'VALIDATION_FAILED', 'q']],
  [
    'a sort by what is not shown',
    get('/data-sources?sort=secret_fields'),
    [422, 'VALIDATION_FAILED', 'sort'],
  ],
  ['an unknown status', get('/data-sources?status=ACTIVE'), [422, 'VALIDATION_FAILED', 'status']],
  ['a cursor of nobody', get('/data-sources?cursor=zzz'), [422, 'VALIDATION_FAILED', 'cursor']],
  ['a cursor of null', get('/data-sources?cursor=W251bGwsbnVsbF0'), [422, 'VALIDATION_FAILED', 'cursor']],
  ['a day', get('/data-sources?created_after=2020-01-01'), [422, 'VALIDATION_FAILED', 'created_after']],
  ['a long text', get(`/data-sources?q=${'a'.repeat(201)}`), [422, 'VALIDATION_FAILED', 'q']],
  ['unknown parts', get('/data-sources/:id/schemas?fields=a'), [422, 'VALIDATION_FAILED', 'fields']],
  ['a snapshot of zero', get('/data-sources/:id/schemas?snapshot=0'), [422, 'VALIDATION_FAILED', 'snapshot']],
  ['a snapshot that is none', get('/data-sources/:id/schemas?snapshot=99'), [404, 'NOT_FOUND']],
  ['a cursor for schemas', get('/data-sources/:id/schemas?cursor=x'), [422, 'VALIDATION_FAILED', 'cursor']],
  ['a diff of nothing', get('/data-sources/:id/schemas/diff?from=-1'), [422, 'VALIDATION_FAILED', 'from']],
  ['a moment of health', get('/data-sources/:id/health?from=x'), [422, 'VALIDATION_FAILED', 'from']],
  [
    'time that runs backwards',
    get('/data-sources/:id/health?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z'),
    [422, 'VALIDATION_FAILED', 'from'],
  ],
  ['a cursor for checks', get('/data-sources/:id/health?cursor=x'), [422, 'VALIDATION_FAILED', 'cursor']],
  [
    'a URL for hours',
    get('/data-sources/:id/file-url?expires_in=301'),
    [422, 'VALIDATION_FAILED', 'expires_in'],
  ],
  ['NUL in an actor', get('/audit-events?actor=%00'), [422, 'VALIDATION_FAILED', 'actor']],
  ['a cursor for events', get('/audit-events?cursor=WyJhIiwiYiJd'), [422, 'VALIDATION_FAILED', 'cursor']],
];

const keyed = (key: string): Case[1] => create({ name: 'x', connection: csv }, { 'idempotency-key': key });

export const ROUTES: readonly Case[] = [
  ['an unknown route', get('/nothing'), [404, 'NOT_FOUND']],
  ['an unknown type', get('/data-sources/types/__proto__'), [404, 'NOT_FOUND']],
  ['a slash too many', get('/data-sources/'), [404, 'NOT_FOUND']],
  ['a path that is no URL', get('/data-sources/%E0%A4'), [400, 'MALFORMED_REQUEST']],
  ['a path that is too long', get(`/data-sources/types/${'a'.repeat(2_000)}`), [400, 'MALFORMED_REQUEST']],
  ['a token that is none', get('/files/nonsense'), [404, 'NOT_FOUND']],
  ['PUT', ['PUT', '/data-sources/:id', text({})], [405, 'METHOD_NOT_ALLOWED']],
  ['OPTIONS', ['OPTIONS', '/data-sources'], [405, 'METHOD_NOT_ALLOWED']],
  ['DELETE of all', ['DELETE', '/data-sources'], [405, 'METHOD_NOT_ALLOWED']],
  ['an empty key', keyed(''), [422, 'VALIDATION_FAILED', 'Idempotency-Key']],
  ['a key with a space', keyed('a b'), [422, 'VALIDATION_FAILED', 'Idempotency-Key']],
  ['a long key', keyed('a'.repeat(129)), [422, 'VALIDATION_FAILED', 'Idempotency-Key']],
  ['a tampered token', ['GET', '/data-sources', { token: 'a.b.c' }], [401, 'UNAUTHENTICATED']],
];
