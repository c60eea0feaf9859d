import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { DataSourcesModule } from '../data-sources/data-sources.module.js';
import { CheckWriter } from './check-writer.service.js';
import { HealthInstruments } from './health-instruments.js';
import { HealthWatch } from './health-watch.service.js';

/** Watches every data source and tells how well it serves. */
@Module({
  imports: [ScheduleModule.forRoot(), DataSourcesModule],
  providers: [HealthInstruments, CheckWriter, HealthWatch],
})
export class HealthModule {}
