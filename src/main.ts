import { Steps } from './cli/steps.js';
import { AppError } from './common/app-error.js';
import { loadPlugins } from './connectors/plugins/load-plugins.js';
import { ConfigError, loadConfig } from './platform/config/config.js';
import { startUp } from './start-up.js';

/** A stop that takes longer than this is cut off. */
const STOP_MS = 9_500;

async function main(): Promise<void> {
  const read = loadConfig();
  const steps = read.env === 'production' ? new Steps(() => undefined) : new Steps();
  // Before anything is started: a plugin that does not fit costs no more than its line.
  const plugins = await loadPlugins(read.plugins, read.pluginsDir);
  for (const { from, definition } of plugins.all) steps.done(`Plugin ${from} brings ${definition.type}`);
  // The application is loaded while the database starts.
  const [{ config, stop }, { startProduct }] = await Promise.all([
    startUp(read, steps),
    import('./product.js'),
  ]);
  try {
    const stopProduct = await startProduct(config, plugins, steps);
    let stopping: Promise<void> | undefined;
    const shutDown = async (): Promise<void> => {
      setTimeout(() => process.exit(1), STOP_MS).unref();
      await stopProduct();
      await stop();
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        stopping ??= shutDown().then(
          () => process.exit(0),
          () => process.exit(1),
        );
      });
  } catch (error) {
    await stop();
    throw error;
  }
}

main().catch((error: unknown) => {
  // One clear line for the person at the terminal; an error that is not ours shows its class and place, not its text.
  if (error instanceof ConfigError) console.error(`✖ ${error.message}`);
  else if (error instanceof AppError)
    console.error(`✖ ${error.message}${error.details.hint === undefined ? '' : ` ${error.details.hint}`}`);
  else console.error('✖ The product could not start.', error instanceof Error ? error.stack : '');
  process.exit(1);
});
