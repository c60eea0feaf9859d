import { Type, type Static } from 'typebox';
import { connectionSpec, endpoint, secret, text, tls } from '../../spi/index.js';

export const cassandraSpec = connectionSpec('cassandra', {
  ...endpoint(9042),
  keyspace: Type.Optional(
    text('Keyspace', {
      description: 'The one keyspace to discover; without it, all but those of the server itself.',
      examples: ['shop'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  username: Type.Optional(
    text('User name', {
      description:
        'The role to log in as; not needed where the cluster takes everybody, or a client certificate.',
      examples: ['datawave_reader'],
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  password: Type.Optional(secret('Password')),
  ...tls(),
});

export type CassandraConfig = Static<typeof cassandraSpec>;
