import { openSocket, secureSocket, tlsOptions, type Address, type OpenContext } from '../../spi/index.js';
import { RedisLine, redisError } from './redis-line.js';
import type { RedisConfig } from './redis-spec.js';

interface Place {
  readonly tls?: RedisConfig['tls'] | undefined;
  readonly database?: number | undefined;
}

interface Login {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/**
 * Opens a line to one server (a sentinel, a master, a node) and logs in, with one AUTH at most. The TLS block of the
 * connection holds for all of them. Leaves no socket behind when it rejects.
 *
 * @throws AppError
 */
export async function dialRedis(
  where: Address,
  { tls, database }: Place,
  { username, password }: Login,
  context: OpenContext,
): Promise<RedisLine> {
  const { Redis, AbstractConnector } = await import('ioredis');
  let socket = await openSocket(where, context);
  const secure = tlsOptions(where.host, tls);
  if (secure) {
    const secured = await secureSocket(socket, secure, context.signal);
    context.done?.('tls', { protocol: secured.getProtocol() ?? 'unknown' });
    socket = secured;
  }
  const destroy = (): void => void socket.destroy();
  context.signal.addEventListener('abort', destroy, { once: true });
  try {
    context.signal.throwIfAborted();
    const line = await RedisLine.over({ Redis, AbstractConnector }, socket, database);
    if (username !== undefined) await line.run((client) => client.auth(username, password ?? ''));
    else if (password !== undefined) await line.run((client) => client.auth(password));
    await line.ping();
    return line;
  } catch (error) {
    socket.destroy();
    throw context.signal.aborted ? context.signal.reason : redisError(error);
  } finally {
    context.signal.removeEventListener('abort', destroy);
  }
}
