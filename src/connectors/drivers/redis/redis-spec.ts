import { Type, type Static } from 'typebox';
import {
  connectionSpec,
  endpoint,
  otherServers,
  secret,
  text,
  tls,
  type ConnectionFault,
} from '../../spi/index.js';

export const DEFAULT_PORT = 6_379;
export const SENTINEL_PORT = 26_379;

const sentinel = Type.Object(
  {
    master_name: text('Master name', {
      description: 'The name under which the sentinels watch the master.',
      examples: ['mymaster'],
      'x-destination': true,
    }),
    others: Type.Optional(
      otherServers(
        'Other sentinels',
        SENTINEL_PORT,
        'asked in this order where the first one does not answer.',
      ),
    ),
    username: Type.Optional(text('User name of the sentinels', { 'x-destination': true })),
    password: Type.Optional(secret('Password of the sentinels')),
    read_from: Type.Optional(
      Type.Enum(['master', 'replica'] as const, {
        title: 'Read from',
        description: 'replica: from a replica that is up, from the master where there is none.',
        default: 'master',
        'x-destination': true,
        'x-schema': 'RedisReadFrom',
      }),
    ),
  },
  {
    title: 'Sentinel',
    description: 'Only for the mode sentinel.',
    additionalProperties: false,
    'x-group': 'server',
    'x-schema': 'RedisSentinel',
  },
);

export const redisSpec = connectionSpec('redis', {
  ...endpoint(DEFAULT_PORT),
  mode: Type.Optional(
    Type.Enum(['standalone', 'sentinel', 'cluster'] as const, {
      title: 'Mode',
      description:
        'standalone: host is the server; sentinel: host and port are those of a sentinel (usually port 26379), which names the master; cluster: host is any node, and all masters are read; with TLS its nodes need `tls-cluster yes`, else they name their plain ports, and the rest of the cluster is told to be missing.',
      default: 'standalone',
      'x-destination': true,
      'x-group': 'server',
      'x-schema': 'RedisMode',
    }),
  ),
  sentinel: Type.Optional(sentinel),
  database: Type.Optional(
    Type.Integer({
      title: 'Database',
      description:
        'Number of the database; without it, all that hold keys are discovered. A cluster has database 0 only.',
      minimum: 0,
      maximum: 65_535,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  username: Type.Optional(text('User name', { 'x-destination': true, 'x-group': 'login' })),
  password: Type.Optional(secret('Password')),
  ...tls(),
});

export type RedisConfig = Static<typeof redisSpec>;

/** What the modes want and exclude. */
export function checkRedis({ mode, sentinel, database }: RedisConfig): readonly ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  if (mode === 'sentinel' && sentinel === undefined)
    faults.push({
      pointer: '/sentinel',
      code: 'required',
      detail: 'The mode sentinel needs the name of the master in sentinel.master_name.',
    });
  if (mode !== 'sentinel' && sentinel !== undefined)
    faults.push({
      pointer: '/sentinel',
      code: 'excluded',
      detail: 'Only the mode sentinel has sentinels: set mode to "sentinel" or leave this out.',
    });
  if (mode === 'cluster' && database !== undefined && database !== 0)
    faults.push({
      pointer: '/database',
      code: 'excluded',
      detail: 'A cluster has database 0 only: leave the database out.',
    });
  return faults;
}
