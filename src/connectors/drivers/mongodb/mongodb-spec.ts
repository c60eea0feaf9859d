import { Type, type Static } from 'typebox';
import { connectionSpec, endpoint, otherServers, secret, text, tls } from '../../spi/index.js';

export const DEFAULT_PORT = 27_017;

export const MECHANISMS = ['scram_sha_256', 'scram_sha_1', 'plain', 'x509'] as const;

export const READ_FROM = ['any', 'primary', 'secondary'] as const;

export const mongodbSpec = connectionSpec('mongodb', {
  ...endpoint(DEFAULT_PORT),
  srv: Type.Optional(
    Type.Boolean({
      title: 'SRV record',
      description:
        'The host is a name whose SRV record lists the members (`mongodb+srv`), all of them below its own domain.',
      default: false,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  others: Type.Optional(
    otherServers(
      'Other members',
      DEFAULT_PORT,
      'further members of the replica set, or routers, asked in this order where the first one cannot be read.',
      { 'x-group': 'server' },
    ),
  ),
  read_from: Type.Optional(
    Type.Enum(READ_FROM, {
      title: 'Read from',
      description:
        'any: the first member that can be read; primary: the primary alone; secondary: a secondary, the primary where there is none. Arbiters and hidden members are never read.',
      default: 'any',
      'x-destination': true,
      'x-group': 'server',
      'x-schema': 'MongoDbReadFrom',
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
