import { Type, type Static } from 'typebox';
import {
  connectionSpec,
  endpoint,
  secret,
  text,
  tls,
  type ConnectionFault,
  type TlsConfig,
} from '../../spi/index.js';

/** What may stand in a header, and in front of the colon of the Basic scheme. */
const USER_PATTERN = '^[\\u0020-\\u0039\\u003b-\\u007e]+$';
/** A header has no room for more. */
const TOKEN = { maxLength: 16_384, pattern: '^[A-Za-z0-9._~+/=:-]+$' };

const username = Type.Optional(
  text('User name', {
    pattern: USER_PATTERN,
    examples: ['datawave_reader'],
    'x-destination': true,
    'x-group': 'login',
  }),
);

export const elasticsearchSpec = connectionSpec('elasticsearch', {
  ...endpoint(9200),
  auth: Type.Optional(
    Type.Enum(['basic', 'api_key', 'bearer', 'none'], {
      title: 'Login',
      description:
        'User name and password, an API key, a token of a service account or of OAuth, or nothing.',
      default: 'basic',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  username,
  password: Type.Optional(secret('Password')),
  api_key: Type.Optional(
    secret('API key', { description: 'As it is shown encoded, or as `id:api_key`.', ...TOKEN }),
  ),
  bearer_token: Type.Optional(secret('Bearer token', TOKEN)),
  ...tls(),
});

export const opensearchSpec = connectionSpec('opensearch', {
  ...endpoint(9200),
  username,
  password: Type.Optional(secret('Password')),
  ...tls(),
});

/** A connection of either, as the line reads it. */
export interface ElasticConfig {
  readonly type: 'elasticsearch' | 'opensearch';
  readonly host: string;
  readonly port?: number;
  readonly auth?: 'basic' | 'api_key' | 'bearer' | 'none';
  readonly username?: string;
  readonly password?: string;
  readonly api_key?: string;
  readonly bearer_token?: string;
  readonly tls?: TlsConfig;
}

/** The fields that each login uses, and no other may have. */
const LOGINS = {
  basic: ['username', 'password'],
  api_key: ['api_key'],
  bearer: ['bearer_token'],
  none: [],
} as const;
const FIELDS = ['username', 'password', 'api_key', 'bearer_token'] as const;

export function elasticsearchFaults(config: Static<typeof elasticsearchSpec>): readonly ConnectionFault[] {
  const { auth = 'basic' } = config;
  const used: readonly string[] = LOGINS[auth];
  const faults: ConnectionFault[] = FIELDS.filter(
    (name) => config[name] !== undefined && !used.includes(name),
  ).map((name) => ({
    pointer: `/${name}`,
    code: 'excluded',
    detail: `It belongs to another login than ${auth}.`,
  }));
  if (auth === 'basic' && config.username === undefined)
    faults.push({ pointer: '/username', code: 'required', detail: 'Give the user name, or another `auth`.' });
  return faults;
}
