import { Type, type Static } from 'typebox';
import { recordsConnector } from '../families/records/records-connector.js';
import {
  connectionSpec,
  endpoint,
  openSocket,
  secret,
  secureSocket,
  text,
  tls,
  tlsOptions,
  type OpenContext,
  type Remedy,
} from '../spi/index.js';
import { datasets, scopes } from './redis/redis-discovery.js';
import { redisError, RedisLine, REDIS_CODES } from './redis/redis-line.js';

const spec = connectionSpec('redis', {
  ...endpoint(6379),
  database: Type.Optional(
    Type.Integer({
      title: 'Database',
      description: 'Number of the database; without it, all that hold keys are discovered.',
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

type Config = Static<typeof spec>;

async function connect(config: Config, context: OpenContext): Promise<RedisLine> {
  const { Redis, AbstractConnector } = await import('ioredis');
  const { host, port = 6379, database = 0 } = config;
  let socket = await openSocket({ host, port }, context);
  const secure = tlsOptions(host, config.tls);
  if (secure) {
    const secured = await secureSocket(socket, secure, context.signal);
    context.done?.('tls', { protocol: secured.getProtocol() ?? 'unknown' });
    socket = secured;
  }
  const destroy = (): void => void socket.destroy();
  context.signal.addEventListener('abort', destroy, { once: true });
  try {
    context.signal.throwIfAborted();
    const line = await RedisLine.over({ Redis, AbstractConnector }, socket, config.database);
    await logIn(line, config);
    context.done?.('auth');
    if (database !== 0) await line.run((client) => client.select(database));
    context.done?.('database', { database });
    return line;
  } catch (error) {
    socket.destroy();
    throw redisError(error);
  } finally {
    context.signal.removeEventListener('abort', destroy);
  }
}

/** One AUTH at most, and the server's name; a server that wants a login and got none says so here. */
async function logIn(line: RedisLine, { username, password }: Config): Promise<void> {
  if (username !== undefined) await line.run((client) => client.auth(username, password ?? ''));
  else if (password !== undefined) await line.run((client) => client.auth(password));
  await line.ping();
  const info = await line.ask((client) => client.info('server'));
  const fact = (name: string): string | undefined =>
    new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info ?? '')?.[1];
  const valkey = fact('valkey_version');
  line.server =
    valkey === undefined
      ? { product: 'Redis', version: fact('redis_version') ?? 'unknown' }
      : { product: 'Valkey', version: valkey };
}

function remedy(code: string, { username = 'default', database }: Config): Remedy | undefined {
  switch (code) {
    case 'PERMISSION_DENIED':
      return {
        text: `Allow ${username} the commands that discovery reads with; they change nothing.`,
        sql: [`ACL SETUSER ${username} ~* +@read +ping +info +select +scan +type +pttl +memory|usage`],
      };
    case 'AUTH_FAILED':
      return {
        text: 'Check the user name and the password; a server without ACL wants the password alone, a server without a password wants neither.',
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: `The server has no database ${String(database)}; raise "databases" in its configuration or choose a lower number.`,
      };
    default:
      return undefined;
  }
}

/** Redis and Valkey, a single server. What is found is a sample: groups of keys, with fields inferred from a few. */
export const redis = recordsConnector(
  {
    type: 'redis',
    title: 'Redis',
    category: 'nosql',
    spec,
    // A session changes its database while it discovers, so it serves one caller at a time.
    concurrency: 'exclusive',
    driver: 'ioredis',
    remedy,
  },
  { codes: REDIS_CODES, connect, scopes, datasets },
);
