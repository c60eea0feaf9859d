import { Global, Module } from '@nestjs/common';
import { JobSignals, PostgresJobSignals } from './job-signals.js';
import { Jobs } from './jobs.service.js';
import { Notifications } from './notifications.service.js';
import { Schedules } from './schedules.service.js';

@Global()
@Module({
  providers: [Notifications, Schedules, Jobs, { provide: JobSignals, useClass: PostgresJobSignals }],
  exports: [Notifications, Schedules, Jobs],
})
export class JobsModule {}
