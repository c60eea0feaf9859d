import { Type, type Static } from 'typebox';
import { connectionSpec, endpoint, secret, text, tls } from '../../spi/index.js';

/** What may stand in a header, and in front of the colon of the Basic scheme. */
const USER_PATTERN = '^[\\u0020-\\u0039\\u003b-\\u007e]+$';

export const trinoSpec = connectionSpec('trino', {
  ...endpoint(8443),
  catalog: Type.Optional(
    text('Catalog', {
      description: 'The one catalog to discover; without it, all that the account may see.',
      examples: ['hive'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  username: text('User name', {
    description: 'Who the queries run as; with an access token, the name that the token is for.',
    pattern: USER_PATTERN,
    examples: ['datawave_reader'],
    'x-destination': true,
    'x-group': 'login',
  }),
  password: Type.Optional(secret('Password')),
  access_token: Type.Optional(
    secret('Access token', {
      description: 'A JSON Web Token, in place of the password.',
      // A header has no room for more, and nothing else is in a token.
      maxLength: 16_384,
      pattern: '^[A-Za-z0-9._~+/=-]+$',
    }),
  ),
  ...tls(),
});

export type TrinoConfig = Static<typeof trinoSpec>;
