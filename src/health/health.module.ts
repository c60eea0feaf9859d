import { Module } from '@nestjs/common';
import { DataSourcesModule } from '../data-sources/data-sources.module.js';
import { CheckWriter } from './check-writer.service.js';
import { HealthInstruments } from './health-instruments.js';
import { HealthMetrics } from './health-metrics.service.js';
import { HealthPruner } from './health-pruner.service.js';
import { HealthWatch } from './health-watch.service.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { ProbesController } from './probes.controller.js';
import { Readiness } from './readiness.service.js';

/** Watches every data source and tells how well it serves; tells as well how the process itself is. */
@Module({
  imports: [DataSourcesModule],
  controllers: [HealthController, ProbesController],
  providers: [
    HealthInstruments,
    CheckWriter,
    HealthWatch,
    HealthPruner,
    HealthService,
    HealthMetrics,
    Readiness,
  ],
  exports: [HealthMetrics, Readiness],
})
export class HealthModule {}
