import { relative } from 'node:path';
import type { Steps } from './cli/steps.js';
import { AppError } from './common/app-error.js';
import { nativeCode } from './common/native-code.js';
import { Config } from './platform/config/config.js';
import { migrate } from './platform/database/migrate.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres/embedded-postgres.js';
import { portsOf, requireFreePort } from './ports.js';

/** What must be there before the application is made. */
export interface Foundation {
  /** The configuration with the URL of the database that runs now. */
  readonly config: Config;
  /** Stops what was started here; to be called after the application is closed. Never rejects. */
  readonly stop: () => Promise<void>;
}

/**
 * Makes everything ready that the application stands on: its ports are free, PostgreSQL runs (the embedded one without
 * DATABASE_URL), the schema is up to date. What was started is stopped again when a later part fails.
 *
 * Rejects with an AppError whose message and hint are meant for the person who starts the product.
 */
export async function startUp(config: Config, steps: Steps): Promise<Foundation> {
  for (const port of portsOf(config)) await requireFreePort(config, port);
  const { databaseUrl, stop } = await database(config, steps);
  try {
    if (config.migrateOnStart) {
      const ran = await migrate(databaseUrl).catch(cannotMigrate);
      steps.done(
        ran.length === 0
          ? 'Database schema is up to date'
          : `Database schema migrated (${String(ran.length)})`,
      );
    }
    return { config: new Config(Object.assign({}, config, { databaseUrl })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function database(
  config: Config,
  steps: Steps,
): Promise<{ databaseUrl: string; stop: () => Promise<void> }> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl !== undefined) return { databaseUrl, stop: () => Promise.resolve() };
  const shown = relative(process.cwd(), dataDir);
  const server = await startEmbeddedPostgres({
    dataDir,
    ports: portsOf(config).map(({ port }) => port),
    onStep: (text, ms) =>
      steps.done(
        text.endsWith(' started')
          ? `${text} (data in ${shown.startsWith('..') ? dataDir : `./${shown}`})`
          : text,
        ms,
      ),
  });
  return { databaseUrl: server.ownerUrl, stop: () => server.stop() };
}

/** The driver's own message may hold a password or a statement: its code is all that is told. */
function cannotMigrate(error: unknown): never {
  if (error instanceof AppError) throw error;
  const { driverError } = error as { driverError?: unknown };
  const code = nativeCode(error) ?? nativeCode(driverError) ?? 'no code';
  throw new AppError('DATABASE_UNAVAILABLE', `The database cannot be reached or migrated (${code}).`, {
    hint: 'npm run doctor says more.',
  });
}
