import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { JobSignals, PostgresJobSignals } from './job-signals.js';
import { Jobs } from './jobs.service.js';
import { Notifications } from './notifications.service.js';
import { Schedules } from './schedules.service.js';

/** Jobs and schedules in the product's database, with signals through it as well. */
@Global()
@Module({
  providers: [Notifications, Schedules, Jobs, { provide: JobSignals, useClass: PostgresJobSignals }],
  exports: [Notifications, Schedules, Jobs],
})
export class JobsModule {
  /** With signals through Redis where REDIS_URL is set; Bull is loaded only then. */
  static async with(config: Config): Promise<DynamicModule> {
    if (config.redisUrl === undefined) return { module: JobsModule };
    const { BullJobSignals, redisQueue } = await import('./bull-job-signals.js');
    const { RedisClients } = await import('./redis-clients.js');
    const clients = new RedisClients(config.redisUrl);
    return {
      module: JobsModule,
      imports: [redisQueue(clients)],
      providers: [
        { provide: RedisClients, useValue: clients },
        { provide: JobSignals, useClass: BullJobSignals },
      ],
    };
  }
}
