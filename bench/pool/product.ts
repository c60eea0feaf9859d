import { NestFactory } from '@nestjs/core';
import { v7 as uuid } from 'uuid';
import { AppModule } from '../../src/app.module.js';
import type { Session } from '../../src/connectors/spi/index.js';
import { DataSourcesService } from '../../src/data-sources/data-sources.service.js';
import { Registration } from '../../src/data-sources/registration.service.js';
import { Revisions } from '../../src/data-sources/revisions.service.js';
import { SessionsService, type SessionOptions } from '../../src/data-sources/sessions.service.js';
import { loadConfig } from '../../src/platform/config/config.js';

const ACTOR = { orgId: uuid(), userId: 'bench', roles: ['admin'] };
const START_MS = 60_000;

/** The product in this process, with sources that it is asked to register; everything goes the way of its own services. */
export class Product {
  private constructor(
    private readonly app: Awaited<ReturnType<typeof NestFactory.createApplicationContext>>,
    private readonly sessions: SessionsService,
  ) {}

  /** Starts on the database that the environment names. */
  static async start(): Promise<Product> {
    const app = await NestFactory.createApplicationContext(AppModule.with(loadConfig()), { logger: false });
    return new Product(app, app.get(SessionsService));
  }

  /** Registers a source and waits until its test has passed; gives its id. */
  async register(
    name: string,
    connection: Record<string, unknown> & { type: string },
    pool = {},
  ): Promise<string> {
    const { id } = await this.app.get(Registration).create(ACTOR, {
      name,
      connection,
      pool,
      discovery: { auto_refresh: false },
      health: { interval_s: 86_400 },
    });
    for (const end = performance.now() + START_MS; ;) {
      const { status, reason } = await this.app.get(DataSourcesService).facts(ACTOR.orgId, id);
      if (status === 'active') return id;
      if (performance.now() > end) throw new Error(`The source is ${status}: ${reason.message}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Changes the size of a source's pool, as PATCH does. */
  async resize(id: string, size: number): Promise<void> {
    await this.app.get(Revisions).update(ACTOR, id, { pool: { size } });
  }

  read(
    id: string,
    work: (session: Session<'query'>, signal: AbortSignal) => Promise<unknown>,
    options?: SessionOptions,
  ): Promise<unknown> {
    return this.sessions.withSession({ orgId: ACTOR.orgId, dataSourceId: id }, ['query'], work, options);
  }

  ping(id: string): Promise<void> {
    return this.sessions.withSession({ orgId: ACTOR.orgId, dataSourceId: id }, [], (session, signal) =>
      session.ping(signal),
    );
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}
