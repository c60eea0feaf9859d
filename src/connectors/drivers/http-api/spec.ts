import { Type, type Static } from 'typebox';
import { clientCredentials, tokenUrlFaults } from '../../families/http/client-credentials.js';
import { connectionSpec, endpoint, secret, text, tls, type ConnectionFault } from '../../spi/index.js';

/** Segments of a URL path and, for a resource, a query; never a host: two slashes do not begin it. */
const SEGMENTS = "(/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)+/?";
const path = (title: string, marks: Record<string, unknown>) =>
  Type.String({
    title,
    maxLength: 1_024,
    pattern: `^(/|${SEGMENTS}(\\?[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?)$`,
    'x-group': 'description',
    ...marks,
  });
const option = <const T extends string>(
  title: string,
  values: readonly T[],
  marks: Record<string, unknown>,
) => Type.Optional(Type.Enum([...values], { title, ...marks }));

const AUTH = ['none', 'basic', 'bearer', 'api_key', 'oauth2'] as const;
const DESCRIBED_BY = ['openapi', 'graphql', 'samples'] as const;

export const httpApiSpec = connectionSpec('http_api', {
  ...endpoint(443),
  base_path: Type.Optional(
    Type.String({
      title: 'Base path',
      description: 'What stands before every other path, such as /api/v2; nothing at the root.',
      maxLength: 1_024,
      pattern: `^${SEGMENTS}$`,
      examples: ['/api/v2'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  ...tls(),
  described_by: option('Described by', DESCRIBED_BY, {
    description:
      'openapi: an OpenAPI 3 document in JSON; graphql: introspection; samples: the answers of the paths in `resources`.',
    default: 'openapi',
    'x-group': 'description',
  }),
  description_path: Type.Optional(
    path('Path of the description', {
      description:
        'Of the OpenAPI document (/openapi.json unless told) or of the GraphQL endpoint (/graphql unless told), behind the base path.',
      examples: ['/openapi.json'],
    }),
  ),
  resources: Type.Optional(
    Type.Array(path('Path', {}), {
      title: 'Resources',
      description: 'With samples: the paths to read, each a list of objects, behind the base path.',
      minItems: 1,
      maxItems: 200,
      examples: [['/orders', '/customers']],
      'x-group': 'description',
    }),
  ),
  check_path: Type.Optional(
    path('Path of the check', {
      description:
        'What a check reads, behind the base path; the description unless told. Choose something small that asks for the login.',
    }),
  ),
  auth: option('Login', AUTH, {
    description:
      'none; basic: user name and password; bearer: a token; api_key: a key in a header or in the query; oauth2: client credentials of OAuth 2.0.',
    default: 'none',
    'x-destination': true,
    'x-group': 'login',
  }),
  username: Type.Optional(text('User name', { 'x-destination': true, 'x-group': 'login' })),
  password: Type.Optional(secret('Password')),
  bearer_token: Type.Optional(secret('Bearer token', { pattern: '^[\\x21-\\x7e]+$' })),
  api_key: Type.Optional(secret('API key', { pattern: '^[\\x21-\\x7e]+$' })),
  api_key_in: option('API key in', ['header', 'query'], {
    default: 'header',
    'x-destination': true,
    'x-group': 'login',
  }),
  api_key_name: Type.Optional(
    Type.String({
      title: 'Name of the API key',
      description: 'The header or the parameter that takes the key.',
      minLength: 1,
      maxLength: 100,
      pattern: '^[A-Za-z0-9!#$&*+.^_|~-]+$',
      default: 'X-API-Key',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  oauth2: Type.Optional(clientCredentials()),
});

export type HttpApiConfig = Static<typeof httpApiSpec>;
type Field = keyof HttpApiConfig;

/** The fields of each way to log in; those without a default must be there. */
const FIELDS_OF: Readonly<Record<(typeof AUTH)[number], readonly Field[]>> = {
  none: [],
  basic: ['username', 'password'],
  bearer: ['bearer_token'],
  api_key: ['api_key'],
  oauth2: ['oauth2'],
};
/** Headers that carry the message itself. */
const RESERVED =
  /^(host|connection|content-.*|transfer-encoding|upgrade|te|trailer|expect|keep-alive|proxy-.*)$/i;

/** Fields that do not fit together. */
export function httpApiFaults(config: HttpApiConfig): ConnectionFault[] {
  const { auth = 'none', described_by: by = 'openapi', resources, oauth2 } = config;
  const faults: ConnectionFault[] = [];
  const fault = (pointer: string, code: string, detail: string): void =>
    void faults.push({ pointer, code, detail });
  for (const [other, fields] of Object.entries(FIELDS_OF))
    for (const field of fields)
      if (other !== auth && config[field] !== undefined)
        fault(`/${field}`, 'unused', `This is for auth "${other}", and auth is "${auth}".`);
  // Secrets do not come along with a change that leaves them as they are.
  if (auth === 'basic' && config.username === undefined)
    fault('/username', 'required', 'auth "basic" needs it.');
  if (auth === 'oauth2' && oauth2 === undefined) fault('/oauth2', 'required', 'auth "oauth2" needs it.');
  if (auth === 'api_key' && config.api_key_in !== 'query' && RESERVED.test(config.api_key_name ?? ''))
    fault('/api_key_name', 'reserved', 'This header carries the message itself.');
  faults.push(...tokenUrlFaults(oauth2, '/oauth2'));
  if (by === 'samples' && resources === undefined)
    fault('/resources', 'required', 'described_by "samples" needs it.');
  if (by !== 'samples' && resources !== undefined)
    fault('/resources', 'unused', `This is for described_by "samples", and it is "${by}".`);
  return faults;
}
