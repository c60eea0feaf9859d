import { randomUUID } from 'node:crypto';
import { Test, type TestingModule } from '@nestjs/testing';
import { AuditModule } from '../../src/audit/audit.module.js';
import { CredentialsModule } from '../../src/credentials/credentials.module.js';
import { CredentialsService, type CredentialsRef } from '../../src/credentials/credentials.service.js';
import { KeyStore } from '../../src/credentials/key-store.service.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { Database } from '../../src/platform/database/database.service.js';
import { JobsModule } from '../../src/platform/jobs/jobs.module.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { queryOnce, type ProductDatabase } from './product-database.js';

/** Where the secrets of the tests may be sent, unless another place is named. */
export const HERE = 'postgresql|db.internal|5432|shop|alice';

export interface CredentialsProcessOptions {
  /** APP_SECRET: the newest one first. */
  readonly appSecret: string;
  /** Whether it takes jobs: it encrypts secrets anew then. */
  readonly works?: boolean;
}

/** A process of the product, as far as credentials and keys go, with its own memory. */
export class CredentialsProcess {
  private constructor(private readonly module: TestingModule) {}

  static async start(
    product: ProductDatabase,
    { appSecret, works = false }: CredentialsProcessOptions,
  ): Promise<CredentialsProcess> {
    const config = loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: product.ownerUrl,
      APP_SECRET: appSecret,
      JWT_SECRET: 'jwt-0123456789abcdef0123456789abcdef0123',
      LOG_LEVEL: 'silent',
    });
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.with(config),
        TelemetryModule,
        DatabaseModule,
        JobsModule,
        AuditModule,
        CredentialsModule,
      ],
    }).compile();
    module.enableShutdownHooks();
    if (works) await module.init();
    return new CredentialsProcess(module);
  }

  /** `prepare` and `replace` as the product does it. */
  async replace(ref: CredentialsRef, secrets: Record<string, string>, destination = HERE): Promise<void> {
    await this.service.prepare(ref.orgId);
    return this.database.inOrg(ref.orgId, (tx) => this.service.replace(tx, ref, destination, secrets));
  }

  load(ref: CredentialsRef, destination = HERE): Promise<Record<string, string>> {
    return this.database.inOrg(ref.orgId, (tx) => this.service.load(tx, ref, destination));
  }

  fields(ref: CredentialsRef): Promise<string[]> {
    return this.database.inOrg(ref.orgId, (tx) => this.service.fields(tx, ref));
  }

  ready(): Promise<boolean> {
    return this.service.ready();
  }

  get database(): Database {
    return this.module.get(Database);
  }

  get service(): CredentialsService {
    return this.module.get(CredentialsService);
  }

  get keys(): KeyStore {
    return this.module.get(KeyStore);
  }

  stop(): Promise<void> {
    return this.module.close();
  }
}

/** Rows of `count` data sources of an organization, with nothing in them that matters to credentials. */
export async function insertSources(
  product: ProductDatabase,
  orgId: string,
  count: number,
): Promise<CredentialsRef[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await queryOnce(
    product.superuserUrl,
    `INSERT INTO data_sources
       (id, org_id, name, type, category, connection, destination, pool, discovery, health, status, created_by)
     SELECT id, $2, id::text, 'postgresql', 'sql', '{}', 'x', '{}', '{}', '{}', 'testing', 'test'
     FROM unnest($1::uuid[]) AS id`,
    [ids, orgId],
  );
  return ids.map((dataSourceId) => ({ orgId, dataSourceId }));
}
