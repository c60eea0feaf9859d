import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerFolder } from './folder.js';
import { readPostmasterFile, stopPostmaster } from './postmaster.js';
import { failed, lastWords, launch, logLength } from './server-process.js';
import { watchOver, type Watchdog } from './watchdog.js';

/** The only address that the server listens on. */
export const HOST = '127.0.0.1';
const START_MS = 30_000;
/** Pauses before each try to bring a lost server back, in milliseconds; the last one is repeated. */
const RESTART_MS = [100, 500, 1_000, 2_000, 5_000];

/**
 * A server that runs on a data folder until it is stopped. One that ends by itself (killed for want of memory, say) is
 * started again on the same port, so that the product recovers without a restart.
 */
export class RunningServer {
  private stopping = false;
  private restarting: Promise<void> | undefined;
  private watchdog: Watchdog;

  private constructor(
    private readonly folder: ServerFolder,
    private readonly bin: string,
    private readonly settings: Readonly<Record<string, string>>,
    readonly port: number,
    private child: ChildProcess,
  ) {
    this.watchdog = this.watch(child);
  }

  /** Starts the server on its last port if that is free, else on another one. */
  static async start(
    folder: ServerFolder,
    bin: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<RunningServer> {
    const file = join(folder.path, 'port');
    const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) || 0 : 0;
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort(attempt === 1 ? last : 0);
      const from = logLength(folder);
      const child = await launchServer(folder, bin, port, settings);
      if (child) {
        writeFileSync(file, String(port));
        return new RunningServer(folder, bin, settings, port, child);
      }
      // The port may have been taken in between; children of a killed server hold its memory for a moment.
      const passing = /Address already in use|shared memory block/.test(lastWords(folder, from));
      if (attempt >= 20 || !passing) throw failed('PostgreSQL does not start', folder, from);
      await pause(attempt === 1 ? 0 : 250);
    }
  }

  /** Stops the server: fast, after 5 s immediate. Never rejects. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.restarting;
    if (this.child.pid !== undefined) await stopPostmaster(this.child.pid, this.bin);
    this.watchdog.dismiss();
  }

  private watch(child: ChildProcess): Watchdog {
    child.once('exit', () => {
      this.watchdog.dismiss();
      if (!this.stopping) this.restarting = this.bringBack();
    });
    return watchOver(child.pid ?? 0, join(this.folder.path, 'cluster'), this.bin);
  }

  private async bringBack(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      await pause(RESTART_MS[Math.min(attempt, RESTART_MS.length - 1)]);
      if (this.stopping) return;
      const child = await launchServer(this.folder, this.bin, this.port, this.settings).catch(
        () => undefined,
      );
      if (!child) continue;
      this.child = child;
      this.watchdog = this.watch(child);
      return;
    }
  }
}

/** Launches the server and waits until it takes connections; undefined where it ended before. */
async function launchServer(
  folder: ServerFolder,
  bin: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess | undefined> {
  const all: Record<string, string> = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    logging_collector: 'off',
    // Passwords are in statements: a failed one must not bring them into the log.
    log_min_error_statement: 'panic',
    timezone: 'UTC',
    log_timezone: 'UTC',
    max_connections: '200',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = launch(folder, join(bin, 'postgres'), ['-D', folder.inside('cluster'), ...args]);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  const end = performance.now() + START_MS;
  while (!hasEnded() && performance.now() < end) {
    const file = readPostmasterFile(join(folder.path, 'cluster'));
    if (child.pid !== undefined && file?.pid === child.pid && file.ready) return child;
    await pause(10);
  }
  if (!hasEnded() && child.pid !== undefined) await stopPostmaster(child.pid, bin);
  return undefined;

  // A function, because the compiler believes that nothing changes `ended` during the loop.
  function hasEnded(): boolean {
    return ended;
  }
}

/** The wanted port if it is free, else any free one. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  return new Promise<number>((resolvePort, reject) => {
    server.once('error', (error) => (wanted === 0 ? reject(error) : resolvePort(freePort(0))));
    server.listen(wanted, HOST, () => {
      const address = server.address();
      server.close(() => resolvePort(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
