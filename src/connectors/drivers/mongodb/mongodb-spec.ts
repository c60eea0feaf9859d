import { Type, type Static } from 'typebox';
import { connectionSpec, endpoint, secret, text, tls } from '../../spi/index.js';

export const MECHANISMS = ['scram_sha_256', 'scram_sha_1', 'plain', 'x509'] as const;

export const mongodbSpec = connectionSpec('mongodb', {
  ...endpoint(27_017),
  srv: Type.Optional(
    Type.Boolean({
      title: 'SRV record',
      description:
        'The host is a name whose SRV record lists the members (`mongodb+srv`); the first one that answers is read from.',
      default: false,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  database: Type.Optional(
    text('Database', {
      description: 'The one database to discover; without it, all that the account may see.',
      examples: ['shop'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  username: Type.Optional(
    text('User name', { examples: ['datawave_reader'], 'x-destination': true, 'x-group': 'login' }),
  ),
  password: Type.Optional(secret('Password')),
  auth_source: Type.Optional(
    text('Authentication database', {
      description: 'The database that knows the user; admin if left out.',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  auth_mechanism: Type.Optional(
    Type.Enum(MECHANISMS, {
      title: 'Authentication mechanism',
      description:
        'The strongest SCRAM that the server has for the user if left out. plain (LDAP) only goes over verified TLS; x509 takes the client certificate.',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  ...tls(),
});

export type MongoDbConfig = Static<typeof mongodbSpec>;
