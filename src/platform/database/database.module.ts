import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { Config } from '../config/config.js';
import { Database } from './database.service.js';
import { MIGRATIONS } from './migrations/index.js';

/** Connections of one process to the product's database. */
const POOL_SIZE = 20;

/** How the product opens its own database; the migrator and the command line use the same. */
export function databaseOptions(url: string): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    applicationName: 'datawave-data-sources',
    synchronize: false,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    entities: [],
    extra: {
      max: POOL_SIZE,
      // Statements that need not wait for each other go out together.
      pipeline: true,
      connectionTimeoutMillis: 2_000,
      idleTimeoutMillis: 30_000,
      // The client's own limit: a frozen server answers none of its own, which each transaction sets; see limits.ts. As startup parameters a pooler would refuse them.
      query_timeout: 15_000,
      keepAlive: true,
    },
  };
}

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Config],
      useFactory: (config: Config) => ({
        ...databaseOptions(config.databaseUrl ?? ''),
        retryAttempts: 0,
      }),
    }),
  ],
  providers: [Database],
  exports: [Database],
})
export class DatabaseModule {}
