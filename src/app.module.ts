import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuditModule } from './audit/audit.module.js';
import { ConnectorsModule } from './connectors/connectors.module.js';
import { Plugins } from './connectors/plugins/plugins.js';
import { CredentialsModule } from './credentials/credentials.module.js';
import { DataSourcesModule } from './data-sources/data-sources.module.js';
import { HealthModule } from './health/health.module.js';
import type { Config } from './platform/config/config.js';
import { ConfigModule } from './platform/config/config.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { EventsModule } from './platform/events/events.module.js';
import { JobsModule } from './platform/jobs/jobs.module.js';
import { TelemetryModule } from './platform/telemetry/telemetry.module.js';
import { RbacModule } from './rbac/rbac.module.js';
import { SchemaDiscoveryModule } from './schema-discovery/schema-discovery.module.js';

/** The whole product; the only place that sees every module. */
@Module({})
export class AppModule {
  static with(config: Config, plugins = new Plugins()): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        TelemetryModule,
        DatabaseModule,
        JobsModule.with(config),
        EventsModule,
        ScheduleModule.forRoot(),
        AuditModule,
        RbacModule,
        ConnectorsModule.with(plugins),
        CredentialsModule,
        DataSourcesModule,
        SchemaDiscoveryModule,
        HealthModule,
      ],
    };
  }
}
