import { Global, Module } from '@nestjs/common';
import { HttpMetrics } from './http-metrics.js';
import { Log } from './log.js';
import { MetricsServer } from './metrics-server.js';
import { Metrics } from './metrics.js';
import { OrganizationFigures } from './organization-figures.js';

@Global()
@Module({
  providers: [Log, Metrics, OrganizationFigures, HttpMetrics, MetricsServer],
  exports: [Log, Metrics, OrganizationFigures, HttpMetrics, MetricsServer],
})
export class TelemetryModule {}
