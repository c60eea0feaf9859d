import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DataSourcesModule } from '../data-sources/data-sources.module.js';
import { CatalogHeads } from './catalog-heads.service.js';
import { CatalogRetention } from './catalog-retention.service.js';
import { CatalogStore } from './catalog-store.service.js';
import { DatasetPages } from './dataset-pages.service.js';
import { DiscoveryFigures } from './discovery-figures.service.js';
import { DiscoveryInstruments } from './discovery-instruments.js';
import { DiscoveryReading } from './discovery-reading.service.js';
import { DiscoveryWorker } from './discovery-worker.service.js';
import { RefreshTicker } from './refresh-ticker.service.js';
import { RunFeed } from './run-feed.service.js';
import { RunLedger } from './run-ledger.service.js';
import { RunsController } from './runs.controller.js';
import { RunsService } from './runs.service.js';
import { RunStreams } from './run-streams.service.js';
import { SchemasController } from './schemas.controller.js';
import { SchemasService } from './schemas.service.js';
import { SnapshotCommits } from './snapshot-commits.service.js';
import { SnapshotDiffs } from './snapshot-diffs.service.js';
import { SourceListener } from './source-listener.service.js';

/** Runs that read what is in the sources, the catalog that they keep, and its reads. */
@Module({
  imports: [AuditModule, DataSourcesModule],
  controllers: [RunsController, SchemasController],
  providers: [
    CatalogHeads,
    CatalogRetention,
    CatalogStore,
    DatasetPages,
    DiscoveryFigures,
    DiscoveryInstruments,
    DiscoveryReading,
    DiscoveryWorker,
    RefreshTicker,
    RunFeed,
    RunLedger,
    RunStreams,
    RunsService,
    SchemasService,
    SnapshotCommits,
    SnapshotDiffs,
    SourceListener,
  ],
  exports: [RunsService],
})
export class SchemaDiscoveryModule {}
