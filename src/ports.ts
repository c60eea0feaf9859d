import { createServer } from 'node:net';
import { AppError } from './common/app-error.js';
import type { Config } from './platform/config/config.js';
import { addressOf } from './platform/config/public-url.js';
import { holderOfPort } from './platform/embedded-postgres/instance-lock.js';

/** A port that the product listens on, under the name of its setting. */
export interface ListeningPort {
  readonly name: 'PORT' | 'METRICS_PORT';
  readonly port: number;
}

/** How long a program that has the port may take to say who it is. */
const ASK_MS = 2_000;

/** The ports that a process with this configuration listens on. */
export function portsOf({ role, port, metricsPort }: Config): ListeningPort[] {
  const metrics = { name: 'METRICS_PORT', port: metricsPort } as const;
  return role === 'worker' ? [metrics] : [{ name: 'PORT', port }, metrics];
}

/**
 * Asked before anything is started: a busy port would else be found after the database and all modules are up.
 *
 * @throws AppError CONFLICT that says who has the port.
 */
export async function requireFreePort(config: Config, listening: ListeningPort): Promise<void> {
  const { host, dataDir } = config;
  const { name, port } = listening;
  const code = await whyNotFree(host, port);
  if (code === undefined) return;
  const other = `start with another port: ${name}=${String(port + 1)} npm start`;
  if (code !== 'EADDRINUSE')
    throw new AppError('CONFLICT', `${host}:${String(port)} cannot be listened on (${code}).`, {
      hint: `Set HOST to an address of this machine, or ${other}`,
    });
  if (!(await isProduct(host, listening)))
    throw new AppError('CONFLICT', `Port ${String(port)} on ${host} is in use by another program.`, {
      hint: `Stop that program, or ${other}`,
    });
  const pid = holderOfPort(dataDir, port);
  const where =
    name === 'PORT' ? `at ${addressOf({ host, port })}` : `with METRICS_PORT ${String(port)} on ${host}`;
  throw new AppError(
    'CONFLICT',
    `Datawave is already running ${where}${pid === undefined ? '' : ` (pid ${String(pid)})`}.`,
    {
      hint: `Stop it, or start another one with a DATA_DIR, a PORT and a METRICS_PORT of its own.`,
    },
  );
}

/** Node's error code where a server cannot listen on this address now; undefined where it can. */
export function whyNotFree(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/** Whether what listens there is this product; what does not say so in time is not. */
export async function isProduct(host: string, { name, port }: ListeningPort): Promise<boolean> {
  const [path, sign] =
    name === 'PORT' ? ['/health/live', /^\{"status":"live"\}$/] : ['/metrics', /^datawave_source_pools /m];
  try {
    const response = await fetch(`${addressOf({ host, port })}${path}`, {
      signal: AbortSignal.timeout(ASK_MS),
      redirect: 'error',
    });
    return response.ok && sign.test(await response.text());
  } catch {
    return false;
  }
}
