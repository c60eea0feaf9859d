import { Module } from '@nestjs/common';
import { ActionsController } from './actions.controller.js';
import { ChangeRecorder } from './change-recorder.service.js';
import { CredentialChange } from './credential-change.service.js';
import { DataSourcesController } from './data-sources.controller.js';
import { DataSourcesService } from './data-sources.service.js';
import { EgressPolicyService } from './egress-policy.service.js';
import { EgressController } from './egress.controller.js';
import { FileUrls } from './file-url.service.js';
import { FilesController } from './files.controller.js';
import { IdempotencyKeys } from './idempotency-keys.service.js';
import { Lifecycle } from './lifecycle.service.js';
import { Listing } from './listing.service.js';
import { ProbesService } from './probes.service.js';
import { Registration } from './registration.service.js';
import { Revisions } from './revisions.service.js';
import { SessionsService } from './sessions.service.js';
import { SourceCache } from './source-cache.service.js';
import { SourceChores } from './source-chores.service.js';
import { SourceMetrics } from './source-metrics.service.js';
import { SourceWorker } from './source-worker.service.js';
import { Tests } from './tests.service.js';
import { TypesController } from './types.controller.js';
import { Upkeep } from './upkeep.service.js';

@Module({
  controllers: [TypesController, ActionsController, DataSourcesController, FilesController, EgressController],
  providers: [
    ChangeRecorder,
    CredentialChange,
    DataSourcesService,
    EgressPolicyService,
    FileUrls,
    IdempotencyKeys,
    Lifecycle,
    Listing,
    ProbesService,
    Registration,
    Revisions,
    SessionsService,
    SourceCache,
    SourceChores,
    SourceMetrics,
    SourceWorker,
    Tests,
    Upkeep,
  ],
  exports: [DataSourcesService, ProbesService, Registration, SessionsService],
})
export class DataSourcesModule {}
