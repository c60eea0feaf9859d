import { AppError } from '../../../common/app-error.js';
import { withDeadline } from '../../../common/deadline.js';
import { addressIn, namedAddress } from '../../families/named-address.js';
import { elsewhere, type Address, type OpenContext } from '../../spi/index.js';
import { dialRedis } from './redis-dial.js';
import { redisError, type RedisLine } from './redis-line.js';
import { DEFAULT_PORT, SENTINEL_PORT, type RedisConfig } from './redis-spec.js';

type SentinelBlock = NonNullable<RedisConfig['sentinel']>;

/** What one sentinel may take where another one could be asked instead. */
const ONE_SENTINEL_MS = 3_000;
/** Another sentinel may know better; a login or a certificate that is refused is told at once. */
const NEXT: readonly string[] = ['UNREACHABLE', 'TIMEOUT', 'HOST_UNKNOWN', 'BUSY'];

/** The server to read from, as the first sentinel says that answers. */
export async function askSentinels(
  config: RedisConfig,
  block: SentinelBlock,
  context: OpenContext,
): Promise<Address> {
  const { host, port = DEFAULT_PORT } = config;
  const sentinels = [{ host, port }, ...(block.others ?? []).map((text) => addressIn(text, SENTINEL_PORT))];
  for (const [at, where] of sentinels.entries()) {
    const own = at === 0 ? context : elsewhere(context);
    const ask = (signal: AbortSignal): Promise<Address> =>
      askSentinel(where, { ...config, sentinel: block }, { ...own, signal });
    if (at === sentinels.length - 1) return ask(context.signal);
    try {
      return await withDeadline(ONE_SENTINEL_MS, context.signal, ask);
    } catch (error) {
      if (context.signal.aborted || !(error instanceof AppError) || !NEXT.includes(error.code)) throw error;
    }
  }
  throw new AppError('UNREACHABLE', 'No sentinel answered.');
}

async function askSentinel(
  where: Address,
  { tls, sentinel }: RedisConfig & { readonly sentinel: SentinelBlock },
  context: OpenContext,
): Promise<Address> {
  const line = await dialRedis(where, { tls }, sentinel, context);
  const destroy = (): void => line.destroy();
  context.signal.addEventListener('abort', destroy, { once: true });
  try {
    if (sentinel.read_from === 'replica') {
      const replica = await replicaOf(line, sentinel.master_name);
      if (replica) return replica;
    }
    return await masterOf(line, sentinel.master_name);
  } catch (error) {
    throw redisError(error);
  } finally {
    context.signal.removeEventListener('abort', destroy);
    await line.close();
  }
}

async function masterOf(line: RedisLine, name: string): Promise<Address> {
  const answer = await line.run((client) => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name));
  if (Array.isArray(answer)) return namedAddress(answer[0], answer[1]);
  throw new AppError('DATABASE_NOT_FOUND', 'The sentinel watches no master of this name.', {
    hint: 'Set sentinel.master_name to a name that SENTINEL MASTERS lists.',
  });
}

/** A replica that the sentinel holds to be up and in touch with its master. */
async function replicaOf(line: RedisLine, name: string): Promise<Address | undefined> {
  const answer = await line.ask((client) => client.call('SENTINEL', 'REPLICAS', name));
  for (const entry of Array.isArray(answer) ? (answer as unknown[]) : []) {
    const flat = Array.isArray(entry) ? (entry as unknown[]) : [];
    const fact = (key: string): unknown => flat[flat.indexOf(key) + 1];
    if (fact('flags') === 'slave' && fact('master-link-status') === 'ok')
      return namedAddress(fact('ip'), fact('port'));
  }
  return undefined;
}
