import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { banner } from './cli/banner.js';
import type { Steps } from './cli/steps.js';
import type { Plugins } from './connectors/plugins/plugins.js';
import { Listing } from './data-sources/listing.service.js';
import { Registration } from './data-sources/registration.service.js';
import { Revisions } from './data-sources/revisions.service.js';
import { DEMO_ORG_ID, demoUser } from './demo/demo-organization.js';
import { seedDemo } from './demo/demo-sources.js';
import { Readiness } from './health/readiness.service.js';
import { createHttpApp } from './http-app.js';
import type { Config } from './platform/config/config.js';
import { addressOf } from './platform/config/public-url.js';
import { Log } from './platform/telemetry/log.js';
import { MetricsServer } from './platform/telemetry/metrics-server.js';
import { TokenIssuer } from './rbac/token-issuer.js';

const DEMO_TOKEN_HOURS = 8;
/** Time in which clients that keep their connections hear that they are to leave. */
const DRAIN_MS = 1_000;

/**
 * Starts the application on a database that is ready, and tells where it is.
 *
 * @returns what stops it: it is not ready from then on, finishes the requests that it has, and closes everything.
 */
export async function startProduct(
  config: Config,
  plugins: Plugins,
  steps: Steps,
): Promise<() => Promise<void>> {
  const app = await createHttpApp(config, plugins);
  const log = app.get(Log);
  // A driver's stray event must not end the process that serves everybody else; it is counted as a fault.
  process.on('unhandledRejection', (error) => log.fault('process.unhandled_rejection', error));
  process.on('uncaughtException', (error) => log.fault('process.uncaught_exception', error));
  await app.get(MetricsServer).start();
  if (config.role === 'worker') await app.init();
  else await app.listen({ host: config.host, port: config.port });
  steps.done(config.role === 'worker' ? 'Worker is running' : 'API is listening');
  log.event('info', 'process.started', { role: config.role });
  if (config.role !== 'worker' && config.env !== 'production') {
    const port = Number(new URL(await app.getUrl()).port);
    process.stdout.write(banner(addressOf({ host: config.host, port }), await demoToken(app, config, steps)));
  }
  return async () => {
    app.get(Readiness).stop();
    await drained(app.getHttpServer());
    await app.close();
    log.event('info', 'process.stopped');
  };
}

/**
 * Waits while clients leave: each answer tells its connection to close now. A server that closed at once would reset
 * requests that are on their way over connections which it takes for idle.
 */
async function drained(server: Server): Promise<void> {
  const end = performance.now() + DRAIN_MS;
  const connections = promisify(server.getConnections.bind(server));
  while (server.listening && performance.now() < end && (await connections()) > 0) await pause(20);
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
