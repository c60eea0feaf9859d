import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/common/actor.js';
import { SchemaQuery, type SchemaPage } from '../../src/schema-discovery/dto/schema.view.js';
import { RunsService } from '../../src/schema-discovery/runs.service.js';
import { SchemasService } from '../../src/schema-discovery/schemas.service.js';
import { DiscoveryWorld, table } from '../support/discovery-world.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';

describe('scopes within scopes', () => {
  let database: ProductDatabase;
  let world: DiscoveryWorld;
  let runs: RunsService;
  let schemas: SchemasService;

  beforeAll(async () => {
    database = await makeProductDatabase();
    world = new DiscoveryWorld(database);
    const module = await world.start();
    [runs, schemas] = [module.get(RunsService), module.get(SchemasService)];
  });

  afterAll(async () => {
    await world.stop();
    await database.drop();
  });

  const discover = async (id: string) => {
    const order = { mode: 'full', trigger: 'manual' } as const;
    const { run } = await runs.request(systemActor(world.orgId, 'test'), id, order);
    await world.ended(run.run_id);
    return runs.get(world.orgId, id, run.run_id);
  };
  const page = async (id: string): Promise<SchemaPage> => {
    const rendered = await schemas.page(world.orgId, id, new SchemaQuery());
    return JSON.parse((await rendered.body()).toString()) as SchemaPage;
  };

  it('keeps what is below a scope that failed, as schemas that a closed catalog does not list', async () => {
    const { id, source } = await world.register();
    for (const scope of ['shut.a', 'shut.b', 'open.a']) source.set(scope, [table(scope, 't')]);
    await discover(id);
    for (const scope of ['shut.a', 'shut.b']) source.scopes.delete(scope);
    source.set('shut', [], { status: 'failed', reason: 'Not allowed.' });
    expect(await discover(id)).toMatchObject({ state: 'partial', changes: { removed: 0 } });
    const found = await page(id);
    expect(found.schemas.map(({ name }) => name)).toEqual(['open.a', 'shut.a', 'shut.b']);
    expect(found.completeness).toEqual({ complete: 1, partial: 0, failed: 3 });
    source.scopes.delete('shut');
    source.set('shut.b', [table('shut.b', 't')]);
    expect(await discover(id)).toMatchObject({ state: 'succeeded', changes: { removed: 1 } });
    expect((await page(id)).schemas.map(({ name }) => name)).toEqual(['open.a', 'shut.b']);
  });
});
