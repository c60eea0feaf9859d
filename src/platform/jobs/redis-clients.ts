import { Redis, type RedisOptions } from 'ioredis';

/**
 * Settings by the kind of client that Bull asks for. The one that sends commands gives up within 2 s, because a request
 * must not hang on a Redis that is away or frozen; the two that wait for Redis wait for ever.
 */
const OPTIONS: Readonly<Record<'client' | 'waiting', RedisOptions>> = {
  client: { maxRetriesPerRequest: 1, commandTimeout: 2_000, connectTimeout: 1_000, enableReadyCheck: false },
  waiting: { maxRetriesPerRequest: null, connectTimeout: 1_000, enableReadyCheck: false, keepAlive: 10_000 },
};

const MAX_PAUSE_MS = 2_000;

/** The connections of one queue to Redis. They come back by themselves, and their faults end no process. */
export class RedisClients {
  private readonly all: Redis[] = [];
  private closed = false;

  constructor(private readonly url: string) {}

  open(type: 'client' | 'subscriber' | 'bclient'): Redis {
    const client = new Redis(this.url, {
      ...OPTIONS[type === 'client' ? 'client' : 'waiting'],
      retryStrategy: (times) => (this.closed ? null : Math.min(times * 100, MAX_PAUSE_MS)),
    });
    // Without a listener a lost connection would end the process; commands reject by themselves.
    client.on('error', () => undefined);
    this.all.push(client);
    return client;
  }

  /** Drops every connection at once, for good. */
  disconnect(): void {
    this.closed = true;
    for (const client of this.all.splice(0)) {
      // ioredis only half-closes a socket and stops listening to it; one to a frozen server may still be reset.
      const { stream } = client as { stream?: Redis['stream'] };
      stream?.on('error', () => undefined);
      client.disconnect();
      stream?.destroy();
    }
  }
}
