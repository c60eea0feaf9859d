import { Type, type Static } from 'typebox';
import { recordsConnector } from '../families/records/records-connector.js';
import {
  connectionSpec,
  endpoint,
  secret,
  text,
  tls,
  type ConnectionFault,
  type Remedy,
} from '../spi/index.js';
import { datasets, scopes } from './nats/nats-discovery.js';
import { openNats } from './nats/nats-login.js';

const spec = connectionSpec('nats', {
  ...endpoint(4222),
  domain: Type.Optional(
    Type.String({
      title: 'JetStream domain',
      description: 'Where it is not the one of the server itself.',
      minLength: 1,
      maxLength: 100,
      pattern: '^[A-Za-z0-9_-]+$',
      examples: ['hub'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  username: Type.Optional(text('User name', { 'x-destination': true, 'x-group': 'login' })),
  password: Type.Optional(secret('Password')),
  token: Type.Optional(secret('Token', { description: 'In place of user name and password.' })),
  nkey_seed: Type.Optional(
    secret('Nkey seed', {
      description:
        'The private key of a user, beginning with SU; alone, or with the JWT of a credentials file.',
      pattern: '^SU[A-Z2-7]{56}$',
    }),
  ),
  jwt: Type.Optional(
    secret('User JWT', {
      description: 'Of a credentials file, together with its seed.',
      pattern: '^[A-Za-z0-9_.-]+$',
    }),
  ),
  ...tls(),
});

type Config = Static<typeof spec>;

function check({ username, password, token, nkey_seed: seed, jwt }: Config): ConnectionFault[] {
  const ways = {
    username: username ?? password,
    token,
    [seed === undefined ? 'jwt' : 'nkey_seed']: seed ?? jwt,
  };
  const [, ...more] = Object.entries(ways).filter(([, value]) => value !== undefined);
  return more.map(([name]) => ({
    pointer: `/${name}`,
    code: 'exclusive',
    detail: 'Give one login: a user name with its password, a token, or an nkey seed with or without a JWT.',
  }));
}

function remedy(code: string, { username = 'the user', domain }: Config): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check the login: the server takes a user name and password, a token, an nkey or a JWT, as it is configured.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: `Allow ${username} to ask JetStream, and to hear the answers; that changes nothing in the streams.`,
        sql: [
          'permissions: { publish: ["$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.CONSUMER.NAMES.*", "$JS.API.STREAM.MSG.GET.*"], subscribe: ["_INBOX.>"] }',
        ],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text:
          domain === undefined
            ? 'Switch JetStream on in the configuration of the server, and for the account.'
            : `No JetStream domain ${domain} is reached from this server; check its name, or leave it out.`,
      };
    default:
      return undefined;
  }
}

/** NATS JetStream: streams with their consumers; fields are inferred from the last messages, which stay where they are. */
export const nats = recordsConnector(
  {
    type: 'nats',
    title: 'NATS JetStream',
    category: 'streaming',
    spec,
    concurrency: 'exclusive',
    check,
    remedy,
  },
  { codes: {}, connect: openNats, scopes, datasets },
);
