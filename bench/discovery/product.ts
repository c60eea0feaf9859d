import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v4 as uuid } from 'uuid';
import { systemActor } from '../../src/common/actor.js';
import { Registration } from '../../src/data-sources/registration.service.js';
import { createHttpApp } from '../../src/http-app.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { RunsService } from '../../src/schema-discovery/runs.service.js';
import type { RunMode } from '../../src/schema-discovery/schema-discovery.types.js';
import { LoopWatch, processorMs, type LoopFigures } from '../loop-watch.js';

/** A run of the whole product, in a process of its own: from the request to the snapshot that is served. */
export interface StoredOrder {
  /** `first`: of a source that was never read; the others go on with the source of the last `first`. */
  readonly what: 'first' | 'unchanged' | 'changed';
  readonly connection: Readonly<Record<string, unknown>>;
}

export interface StoredFigures extends LoopFigures {
  readonly ms: number;
  /** Processor time of the product's process. */
  readonly cpuMs: number;
  /** Growth of the process over its size before. */
  readonly rssMb: number;
  /** Datasets that were added, changed, removed or found as they were. */
  readonly changes: Readonly<Record<'added' | 'changed' | 'removed' | 'unchanged', number>>;
}

const WAIT_MS = 600_000;
const folder = mkdtempSync(join(tmpdir(), 'bench-product-'));
// The database of the product as `npm start` runs it, with nothing switched off.
const postgres = await startEmbeddedPostgres({ dataDir: folder });
await migrate(postgres.ownerUrl);
const app = await createHttpApp(
  loadConfig({
    NODE_ENV: 'test',
    DATA_DIR: folder,
    DATABASE_URL: postgres.ownerUrl,
    LOG_LEVEL: 'error',
    LOG_FORMAT: 'json',
  }),
);
await app.init();
const runs = app.get(RunsService);
const actor = systemActor(uuid(), 'bench');
let source = '';

async function register(connection: StoredOrder['connection']): Promise<string> {
  const row = await app.get(Registration).create(actor, {
    name: uuid(),
    connection: { ...connection },
    discovery: { auto_refresh: false },
  });
  return row.id;
}

async function run({ what, connection }: StoredOrder): Promise<StoredFigures> {
  if (what === 'first') source = await register(connection);
  const mode: RunMode = what === 'first' ? 'full' : 'incremental';
  globalThis.gc?.();
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
  const loop = new LoopWatch();
  const cpuBefore = processorMs();
  loop.start();
  const from = performance.now();
  const { run: asked } = await runs.request(actor, source, { mode, trigger: 'manual' });
  const ended = await runs.settled(actor.orgId, asked, WAIT_MS);
  const ms = performance.now() - from;
  const figures = loop.stop();
  clearInterval(sampler);
  const cpuMs = processorMs() - cpuBefore;
  if (ended.state !== 'succeeded' || !ended.changes)
    throw new Error(`The run ended as ${ended.state}: ${ended.error?.message ?? ''}`);
  return {
    ms,
    ...figures,
    cpuMs,
    rssMb: (Math.max(peak, process.memoryUsage.rss()) - idle) / 2 ** 20,
    changes: ended.changes,
  };
}

process.on('message', (order: StoredOrder) => {
  run(order).then(
    (figures) => process.send?.(figures),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('SIGTERM', () => {
  void app
    .close()
    .then(() => postgres.stop())
    .finally(() => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(0);
    });
});
