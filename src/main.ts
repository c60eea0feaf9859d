import { addressOf, banner } from './cli/banner.js';
import { Steps } from './cli/steps.js';
import { AppError } from './common/app-error.js';
import { createHttpApp } from './http-app.js';
import { Readiness } from './health/readiness.service.js';
import { ConfigError, loadConfig } from './platform/config/config.js';
import { MetricsServer } from './platform/telemetry/metrics-server.js';
import { DEMO_ORG_ID, demoUser } from './demo/demo-organization.js';
import { seedDemo } from './demo/demo-sources.js';
import { Listing } from './data-sources/listing.service.js';
import { Registration } from './data-sources/registration.service.js';
import { Revisions } from './data-sources/revisions.service.js';
import { TokenIssuer } from './rbac/token-issuer.js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from './platform/config/config.js';
import { startUp } from './start-up.js';

/** A stop that takes longer than this is cut off. */
const STOP_MS = 9_500;
const DEMO_TOKEN_HOURS = 8;

async function main(): Promise<void> {
  const steps = new Steps();
  const { config, stop } = await startUp(loadConfig(), steps);
  let stopping: Promise<void> | undefined;
  try {
    const app = await createHttpApp(config);
    const shutDown = async (): Promise<void> => {
      setTimeout(() => process.exit(1), STOP_MS).unref();
      app.get(Readiness).stop();
      await app.close();
      await stop();
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        stopping ??= shutDown().then(
          () => process.exit(0),
          () => process.exit(1),
        );
      });
    await app.get(MetricsServer).start();
    if (config.role === 'worker') await app.init();
    else await app.listen({ host: config.host, port: config.port });
    steps.done(config.role === 'worker' ? 'Worker is running' : 'API is listening');
    if (config.role !== 'worker')
      process.stdout.write(banner(addressOf(config), await demoToken(app, config, steps)));
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the demo content where there is none, and a token for it; nothing where this is no demo. */
async function demoToken(
  app: NestFastifyApplication,
  config: Config,
  steps: Steps,
): Promise<{ token: string; hours: number } | undefined> {
  const services = {
    listing: app.get(Listing),
    registration: app.get(Registration),
    revisions: app.get(Revisions),
  };
  const made = await seedDemo(services, config);
  if (made === undefined || 'jwksUrl' in config.jwt.key) return undefined;
  if (made > 0) steps.done(`Demo content made (${String(made)} data sources)`);
  const user = { orgId: DEMO_ORG_ID, userId: demoUser('admin'), roles: ['admin'] as const };
  return {
    token: await app.get(TokenIssuer).issue({ ...user, ttlS: DEMO_TOKEN_HOURS * 3_600 }),
    hours: DEMO_TOKEN_HOURS,
  };
}

main().catch((error: unknown) => {
  // One clear line for the person at the terminal; an error that is not ours shows its class and place, not its text.
  if (error instanceof ConfigError) console.error(`✖ ${error.message}`);
  else if (error instanceof AppError)
    console.error(`✖ ${error.message}${error.details.hint === undefined ? '' : ` ${error.details.hint}`}`);
  else console.error('✖ The product could not start.', error instanceof Error ? error.stack : '');
  process.exit(1);
});
