import { AppError } from '../../common/app-error.js';
import { nameOf } from '../families/named-address.js';
import { recordsConnector } from '../families/records/records-connector.js';
import { elsewhere, type OpenContext, type Remedy } from '../spi/index.js';
import { dialRedis } from './redis/redis-dial.js';
import { datasets, scopes } from './redis/redis-discovery.js';
import { redisError, REDIS_CODES, type RedisLine } from './redis/redis-line.js';
import { clusterOf } from './redis/redis-nodes.js';
import { askSentinels } from './redis/redis-sentinel.js';
import { checkRedis, DEFAULT_PORT, redisSpec, type RedisConfig } from './redis/redis-spec.js';

async function connect(config: RedisConfig, context: OpenContext): Promise<RedisLine> {
  const { mode = 'standalone', sentinel, database = 0 } = config;
  const found = mode === 'sentinel' && sentinel ? await askSentinels(config, sentinel, context) : undefined;
  const where = found ?? { host: config.host, port: config.port ?? DEFAULT_PORT };
  const line = await dialRedis(where, config, config, found ? elsewhere(context) : context);
  const destroy = (): void => line.destroy();
  context.signal.addEventListener('abort', destroy, { once: true });
  try {
    context.signal.throwIfAborted();
    context.done?.('auth');
    const facts = await identify(line, config, context);
    if (database !== 0) await line.run((client) => client.select(database));
    context.done?.('database', { database, mode, node: nameOf(where), ...facts });
    return line;
  } catch (error) {
    line.destroy();
    throw context.signal.aborted ? context.signal.reason : redisError(error);
  } finally {
    context.signal.removeEventListener('abort', destroy);
  }
}

/** Who answered, and whether it is what the mode says. Gives what a test shows of it. */
async function identify(
  line: RedisLine,
  config: RedisConfig,
  context: OpenContext,
): Promise<Readonly<Record<string, string | number>>> {
  const info = (await line.ask((client) => client.info('server'))) ?? '';
  const fact = (text: string, name: string): string | undefined =>
    new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  const valkey = fact(info, 'valkey_version');
  line.server =
    valkey === undefined
      ? { product: 'Redis', version: fact(info, 'redis_version') ?? 'unknown' }
      : { product: 'Valkey', version: valkey };
  const kind = fact(info, 'redis_mode');
  if (kind === 'sentinel')
    throw new AppError('PROTOCOL', 'This is a sentinel, which holds no keys.', {
      hint: 'Set mode to "sentinel" and sentinel.master_name to the name of the master.',
    });
  if (config.mode === 'cluster') {
    line.findNodes = clusterOf(config, context);
    return {};
  }
  if (kind === 'cluster') line.caveat = 'this is one node of a cluster, set mode to "cluster" to read all';
  if (config.mode !== 'sentinel') return {};
  const role = fact((await line.ask((client) => client.info('replication'))) ?? '', 'role');
  // A master that was one until a moment ago: the sentinels will say so soon.
  if (role === 'slave' && config.sentinel?.read_from !== 'replica')
    throw new AppError('BUSY', 'The master that the sentinel names is a replica now.', { retryAfterS: 5 });
  return role === undefined ? {} : { role: role === 'slave' ? 'replica' : role };
}

function remedy(
  code: string,
  { username = 'default', database, mode, sentinel }: RedisConfig,
): Remedy | undefined {
  const more = mode === 'cluster' ? ' +cluster|slots +cluster|myid' : '';
  switch (code) {
    case 'PERMISSION_DENIED': {
      const rule = `ACL SETUSER ${username} ~* +@read +ping +info +select +scan +type +pttl +memory|usage${more}`;
      const own = `ACL SETUSER ${sentinel?.username ?? 'default'} +ping +info +sentinel|get-master-addr-by-name +sentinel|replicas`;
      const where = mode === 'cluster' ? ' On every node: a cluster does not hand access lists on.' : '';
      const both =
        mode === 'sentinel' ? ' The first line is for the server, the second for the sentinels.' : '';
      return {
        text: `Allow ${username} the commands that discovery reads with; they change nothing.${where}${both}`,
        sql: mode === 'sentinel' ? [rule, own] : [rule],
      };
    }
    case 'AUTH_FAILED':
      return {
        text: `Check the user name and the password; a server without ACL wants the password alone, a server without a password wants neither.${mode === 'sentinel' ? ' Sentinels have a login of their own, in sentinel.username and sentinel.password.' : ''}`,
      };
    case 'DATABASE_NOT_FOUND':
      return mode === 'sentinel' && database === undefined
        ? {
            text: 'Set sentinel.master_name to a name that the sentinel watches.',
            sql: ['SENTINEL MASTERS'],
          }
        : {
            text: `The server has no database ${String(database)}; raise "databases" in its configuration or choose a lower number.`,
          };
    case 'PROTOCOL':
      return mode === 'cluster' || mode === 'sentinel'
        ? {
            text: `Check that host and port are those of a ${mode === 'cluster' ? 'node of a cluster' : 'sentinel'}; else set mode to "standalone".`,
          }
        : undefined;
    default:
      return undefined;
  }
}

/**
 * Redis and Valkey: a server, the master or a replica that sentinels name, or all masters of a cluster. What is found is
 * a sample: groups of keys, with fields inferred from a few.
 */
export const redis = recordsConnector(
  {
    type: 'redis',
    title: 'Redis',
    category: 'nosql',
    spec: redisSpec,
    // A session changes its database while it discovers, so it serves one caller at a time.
    concurrency: 'exclusive',
    driver: 'ioredis',
    check: checkRedis,
    remedy,
  },
  { codes: REDIS_CODES, connect, scopes, datasets },
);
