import { BullModule, InjectQueue } from '@nestjs/bull';
import { Injectable, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import type { Queue } from 'bull';
import { Config } from '../config/config.js';
import { Database, type Tx } from '../database/database.service.js';
import { Log } from '../telemetry/log.js';
import { PostgresJobSignals, type SignalledJob } from './job-signals.js';
import { Notifications } from './notifications.service.js';
import { RedisClients } from './redis-clients.js';

const QUEUE = 'datawave-jobs';
/** Longest wait for a queue to close in good order. */
const CLOSE_MS = 1_000;

interface Wake {
  readonly kind: string;
  readonly ref_id: string;
}

/** The queue on Redis; its clients hang on `clients`, which ends them. */
export function redisQueue(clients: RedisClients): DynamicModule {
  return BullModule.registerQueue({
    name: QUEUE,
    createClient: (type) => clients.open(type),
    // A wake-up is over in a moment: what a killed worker held goes to another one soon, and nothing piles up.
    settings: { lockDuration: 5_000, stalledInterval: 5_000 },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  });
}

/**
 * Signals through Redis: a queue of wake-ups, so that exactly one worker wakes for a job. The table of jobs stays the
 * truth. A wake-up is sent after the commit and nobody waits for it: where Redis is away, frozen or full the request is
 * none the slower, and workers find the job by the clock. Cancellations go to all workers, through PostgreSQL.
 */
@Injectable()
export class BullJobSignals extends PostgresJobSignals implements BeforeApplicationShutdown {
  private readonly listeners: (() => void)[] = [];
  private away = false;

  constructor(
    notifications: Notifications,
    private readonly config: Config,
    private readonly clients: RedisClients,
    private readonly log: Log,
    @InjectQueue(QUEUE) private readonly queue: Queue<Wake>,
  ) {
    super(notifications);
    // Nest's hook waits for Bull, which waits for Redis, for ever where it is frozen. Ours is below.
    Reflect.deleteProperty(queue, 'onApplicationShutdown');
  }

  override work(tx: Tx, { kind, refId }: SignalledJob): Promise<void> {
    Database.afterCommit(tx, () => this.send({ kind, ref_id: refId }));
    return Promise.resolve();
  }

  override onWork(listener: () => void): void {
    this.listeners.push(listener);
    if (this.listeners.length > 1 || this.config.role === 'api') return;
    // Bull gives up for good where its first commands fail, so it begins once Redis is there.
    const { client } = this.queue;
    if (client.status === 'ready') this.begin();
    else client.once('ready', () => this.begin());
  }

  /** Closes the queue in good order where Redis answers, and drops the connections in any case. */
  async beforeApplicationShutdown(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    await Promise.race([this.queue.close().catch(() => undefined), late]);
    clearTimeout(timer);
    this.clients.disconnect();
  }

  private begin(): void {
    this.queue
      .process(() => {
        this.listeners.forEach((listener) => listener());
        return Promise.resolve();
      })
      .catch((error: unknown) => this.fault(error));
  }

  private send(wake: Wake): void {
    // A command to a client that is not connected would wait in memory.
    if (this.queue.client.status !== 'ready') return;
    this.queue.add(wake).then(
      () => (this.away = false),
      (error: unknown) => this.fault(error),
    );
  }

  private fault(error: unknown): void {
    if (this.away) return;
    this.away = true;
    this.log.fault('jobs.redis_away', error);
  }
}
