import { ConfigError, loadConfig } from '../platform/config/config.js';
import { migrate } from '../platform/database/migrate.js';
import { Steps } from './steps.js';

/** Brings the schema of DATABASE_URL up to date, once, before processes with MIGRATE_ON_START=false start. */
async function main(): Promise<void> {
  const { databaseUrl } = loadConfig();
  if (databaseUrl === undefined)
    throw new ConfigError(['DATABASE_URL names no database: there is nothing to migrate.']);
  const ran = await migrate(databaseUrl);
  new Steps().done(
    ran.length === 0 ? 'Database schema is up to date' : `Database schema migrated (${String(ran.length)})`,
  );
}

main().catch((error: unknown) => {
  const known =
    error instanceof ConfigError
      ? error.message
      : 'The migration failed: is the database reachable, and may this login create roles?';
  console.error(`✖ ${known}`);
  process.exit(1);
});
