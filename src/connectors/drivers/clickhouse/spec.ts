import { Type, type Static } from 'typebox';
import { connectionSpec, database, endpoint, login, text, tls } from '../../spi/index.js';

export const clickhouseSpec = connectionSpec('clickhouse', {
  ...endpoint(8443),
  database: Type.Optional(
    database({
      description: 'The one database to discover; without it, all that the account may see.',
    }).database,
  ),
  ...login(),
  // What names the account in the Basic scheme ends at the first colon.
  username: text('User name', {
    pattern: '^[^:\\u0000-\\u001f\\u007f]*$',
    examples: ['datawave_reader'],
    'x-destination': true,
    'x-group': 'login',
  }),
  ...tls(),
});

export type ClickhouseConfig = Static<typeof clickhouseSpec>;
