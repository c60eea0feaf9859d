import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { Database } from '../../src/platform/database/database.service.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';
import { describeOn, servers } from '../support/servers.js';

describeOn('pgbouncer', "the product's database behind PgBouncer in transaction mode", () => {
  let product: ProductDatabase;
  let module: TestingModule;
  let database: Database;
  const orgs = [randomUUID(), randomUUID()] as const;

  beforeAll(async () => {
    const pooler = await servers.pgbouncer();
    product = await makeProductDatabase({ ...pooler, port: pooler.serverPort });
    const url = new URL(product.ownerUrl);
    url.port = String(pooler.port);
    const secret = 'app-0123456789abcdef0123456789abcdef0123';
    const config = loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: url.href,
      APP_SECRET: secret,
      JWT_SECRET: secret,
    });
    module = await Test.createTestingModule({
      imports: [ConfigModule.with(config), DatabaseModule],
    }).compile();
    database = module.get(Database);
    for (const org of orgs)
      await database.inOrg(org, (tx) =>
        tx.query(
          `INSERT INTO organization_keys (org_id, version, wrapped_key, kek_version, state)
           VALUES ($1, 1, $2, '1', 'active')`,
          [org, Buffer.from(org)],
        ),
      );
  }, 120_000);

  afterAll(async () => {
    await module.close();
    await product.drop();
  });

  test('T98: shows each organization its own rows alone, whoever used the connection before', async () => {
    const read = async (org: string, at: number): Promise<string[]> => {
      // Some are broken off in the middle: nothing of theirs may stay on the connection.
      if (at % 7 === 0)
        await database
          .inOrg(org, async (tx) => {
            await tx.query('SELECT 1');
            throw new Error('broken off');
          })
          .catch(() => undefined);
      const rows =
        at % 2 === 0
          ? await database.readInOrg<{ org_id: string }>(org, 'SELECT org_id FROM organization_keys')
          : await database.inOrg(org, (tx) =>
              tx.query<{ org_id: string }[]>('SELECT org_id FROM organization_keys'),
            );
      return rows.map((row) => row.org_id);
    };
    let reads = 0;
    for (let round = 0; round < 10; round++) {
      const asked = Array.from({ length: 200 }, (_, at) => orgs[at % 2] ?? orgs[0]);
      const seen = await Promise.all(asked.map((org, at) => read(org, at + round)));
      expect(seen).toEqual(asked.map((org) => [org]));
      reads += seen.length;
    }
    expect(reads).toBe(2_000);
  });
});
