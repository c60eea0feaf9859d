import { NestFactory } from '@nestjs/core';
import { AppError } from '../common/app-error.js';
import { loadPlugins } from '../connectors/plugins/load-plugins.js';
import { Config, ConfigError, loadConfig } from '../platform/config/config.js';
import { runningOwnerUrl } from '../platform/embedded-postgres/embedded-postgres.js';
import { keyCommand, KEYS_USAGE, UsageError } from './key-options.js';
import { Steps } from './steps.js';

/** Does what the arguments ask for; exit code 1 where something of it failed. */
async function main(): Promise<void> {
  const command = keyCommand(process.argv.slice(2));
  if (command === undefined) {
    process.stdout.write(KEYS_USAGE);
    return;
  }
  const config = withDatabase(loadConfig());
  const plugins = await loadPlugins(config.plugins, config.pluginsDir);
  // Not before the arguments are known to be right: the application takes seconds to load.
  const { AppModule } = await import('../app.module.js');
  const { KeyCommands } = await import('./key-commands.js');
  const app = await NestFactory.createApplicationContext(AppModule.with(config, plugins), {
    logger: false,
    abortOnError: false,
  });
  try {
    if (!(await new KeyCommands(app, new Steps()).run(command))) process.exitCode = 1;
  } finally {
    await app.close();
  }
}

/** It serves nothing and takes no work of others: ROLE is `api`, without an HTTP server. */
function withDatabase(config: Config): Config {
  const databaseUrl = config.databaseUrl ?? runningOwnerUrl(config.dataDir);
  if (databaseUrl === undefined)
    throw new UsageError('The embedded PostgreSQL does not run: start the product, or set DATABASE_URL.');
  const log = { level: 'silent', format: 'json' } as const;
  return new Config(Object.assign({}, config, { databaseUrl, role: 'api', log } as const));
}

main().catch((error: unknown) => {
  // Texts of ours hold no secret; those of others are not shown.
  const known = error instanceof AppError || error instanceof ConfigError || error instanceof UsageError;
  const hint = error instanceof AppError ? (error.details.hint ?? '') : '';
  const text = known ? `${error.message} ${hint}`.trim() : 'The command failed; npm run doctor may say why.';
  process.stderr.write(`✖ ${text}\n`);
  process.exit(1);
});
