import { NestFactory } from '@nestjs/core';
import { v7 as uuid } from 'uuid';
import { AppModule } from '../../src/app.module.js';
import { CredentialsService } from '../../src/credentials/credentials.service.js';
import { DataSourcesService } from '../../src/data-sources/data-sources.service.js';
import { Registration } from '../../src/data-sources/registration.service.js';
import type { Config } from '../../src/platform/config/config.js';
import { Database, type Tx } from '../../src/platform/database/database.service.js';

export interface SourceAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

const BATCH = 500;

/** Registers sources of one organization that all point to one server. */
export class Sources {
  readonly orgId = uuid();
  private model = '';

  private constructor(
    private readonly app: Awaited<ReturnType<typeof NestFactory.createApplicationContext>>,
    private readonly address: SourceAddress,
  ) {}

  static async open(config: Config, address: SourceAddress): Promise<Sources> {
    const app = await NestFactory.createApplicationContext(AppModule.with(config), { logger: false });
    return new Sources(app, address);
  }

  /** Registers the first one as a client would and waits until its test has passed. */
  async first(): Promise<void> {
    const actor = { orgId: this.orgId, userId: 'bench', roles: ['admin'] };
    const { id } = await this.app.get(Registration).create(actor, {
      name: 'Source 0',
      connection: { type: 'postgresql', ...this.address, tls: { mode: 'disable' } },
      discovery: { auto_refresh: false },
    });
    this.model = id;
    const end = performance.now() + 60_000;
    for (;;) {
      const { status, reason } = await this.app.get(DataSourcesService).facts(this.orgId, id);
      if (status === 'active') return;
      if (performance.now() > end) throw new Error(`The first source is ${status}: ${reason.message}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Copies the first one: rows, secrets and schedules as registration leaves them, without ten thousand tests. */
  async copies(count: number): Promise<void> {
    for (let left = count; left > 0; left -= BATCH) {
      const ids = Array.from({ length: Math.min(BATCH, left) }, () => uuid());
      await this.app.get(Database).inOrg(this.orgId, (tx) => this.copy(tx, ids));
    }
  }

  close(): Promise<void> {
    return this.app.close();
  }

  private async copy(tx: Tx, ids: readonly string[]): Promise<void> {
    const fields =
      'description, type, category, connection, destination, secret_fields, pool, discovery, health, tags, environment, location, owner_id, status, status_reason, server, created_by';
    const [row] = await tx.query<{ destination: string }[]>(
      `INSERT INTO data_sources (id, org_id, name, ${fields})
       SELECT i, org_id, 'Source ' || i, ${fields} FROM data_sources, unnest($2::uuid[]) i
       WHERE data_sources.id = $1 RETURNING destination`,
      [this.model, ids],
    );
    await tx.query(
      `INSERT INTO schedules (kind, data_source_id, org_id, interval_s, next_run_at)
       SELECT 'probe', i, $2, 60, now() + random() * interval '60 s' FROM unnest($1::uuid[]) i`,
      [ids, this.orgId],
    );
    for (const id of ids)
      await this.app
        .get(CredentialsService)
        .replace(tx, { orgId: this.orgId, dataSourceId: id }, row?.destination ?? '', {
          password: this.address.password,
        });
  }
}
