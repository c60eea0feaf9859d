import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { addressOf, banner } from './cli/banner.js';
import { Steps } from './cli/steps.js';
import { AppError } from './common/app-error.js';
import { SystemClock } from './common/clock.js';
import { Listing } from './data-sources/listing.service.js';
import { Registration } from './data-sources/registration.service.js';
import { Revisions } from './data-sources/revisions.service.js';
import { DEMO_ORG_ID, demoUser } from './demo/demo-organization.js';
import { seedDemo } from './demo/demo-sources.js';
import { ConfigError, loadConfig, type Config } from './platform/config/config.js';
import { Log } from './platform/telemetry/log.js';
import { TokenIssuer } from './rbac/token-issuer.js';
import { startUp, type Foundation } from './start-up.js';

const DEMO_TOKEN_HOURS = 8;
/** Supervisors kill after 10 s: what has not ended by then is cut off, but the database is always stopped in order. */
const CLOSE_MS = 7_000;

/** Makes the application, initialised and ready to listen, under a configuration whose database runs. */
export type MakeApplication = (config: Config) => Promise<NestFastifyApplication>;

/**
 * Runs the product in this process until SIGTERM or SIGINT: prints ticked steps, then where everything is, and ends in
 * order with code 0 within 10 s; a second signal ends at once. A start that fails says so in one line, exit code 1.
 */
export async function runProduct(make: MakeApplication): Promise<void> {
  let foundation: Foundation | undefined;
  let app: NestFastifyApplication | undefined;
  const end = async (code: number): Promise<never> => {
    await within(CLOSE_MS, app?.close());
    await foundation?.stop();
    process.exit(code);
  };
  try {
    const config = loadConfig();
    const steps = config.env === 'production' ? new Steps(() => undefined) : new Steps();
    foundation = await startUp(config, steps);
    app = await make(foundation.config);
    endOnSignals(end, app.get(Log));
    await listen(app, foundation.config, steps);
  } catch (error) {
    process.stderr.write(`✖ ${whatFailed(error)}\n`);
    await end(1);
  }
}

async function listen(app: NestFastifyApplication, config: Config, steps: Steps): Promise<void> {
  if (config.role === 'worker') {
    await app.init();
    steps.done('Worker is ready');
    return;
  }
  await app.listen({ host: config.host, port: config.port });
  const address = addressOf({ host: config.host, port: portOf(app) });
  steps.done(`API listens on ${address}`);
  if (config.env === 'production') return;
  const made = await seedDemo(
    {
      listing: app.get(Listing, { strict: false }),
      registration: app.get(Registration, { strict: false }),
      revisions: app.get(Revisions, { strict: false }),
    },
    config,
  );
  if (made) steps.done(`Demo content created (${String(made)} sources)`);
  process.stdout.write(banner(address, await demoToken(config)));
}

async function demoToken(config: Config): Promise<{ token: string; hours: number } | undefined> {
  // Where an identity provider signs, or where the database is not ours, there is no Demo organization to enter.
  if (!config.embedded || !('secret' in config.jwt.key)) return undefined;
  const hours = DEMO_TOKEN_HOURS;
  const token = await new TokenIssuer(config, new SystemClock()).issue({
    orgId: DEMO_ORG_ID,
    userId: demoUser('admin'),
    roles: ['admin'],
    ttlS: hours * 3_600,
  });
  return { token, hours };
}

/** The port that was really taken; 0 in the configuration means any. */
function portOf(app: NestFastifyApplication): number {
  const address = app.getHttpServer().address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function endOnSignals(end: (code: number) => Promise<never>, log: Log): void {
  let ending = false;
  const begin = (code: number): void => {
    // Impatience is respected: the watchdog stops the embedded database all the same.
    if (ending) process.exit(130);
    ending = true;
    void end(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => begin(0));
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(fault, (error: unknown) => {
      log.fault(`process.${fault}`, error);
      if (!ending) begin(1);
    });
}

/** Waits for `work`, but no longer than this; a rejection counts as an end. */
async function within(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([Promise.resolve(work).catch(() => undefined), late]);
  clearTimeout(timer);
}

/** One line for the person at the terminal. Errors that are not ours may hold secrets: only their class is told. */
function whatFailed(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof AppError) return [error.message, error.details.hint ?? ''].join(' ').trim();
  const { code, name } = error as { code?: unknown; name?: unknown };
  const kind = typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
  return `The start failed (${kind}). npm run doctor checks what is needed.`;
}
