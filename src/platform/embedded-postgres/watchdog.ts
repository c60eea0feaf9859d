import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { PLAIN_ENVIRONMENT } from './server-process.js';

/**
 * The program of the watchdog, as text because it must run where this module is TypeScript as well as where it is
 * built. Its standard input ends when our process ends, however that happens. Then it stops the server, unless the data
 * folder no longer names that server.
 */
const PROGRAM = `
const { readFileSync } = require('node:fs');
const { execFileSync } = require('node:child_process');
const [pidText, pidFile, pgCtl] = process.argv.slice(1);
const pid = Number(pidText);
const runs = () => {
  try { return Number(readFileSync(pidFile, 'utf8').split('\\n')[0]) === pid && process.kill(pid, 0); }
  catch { return false; }
};
const send = (signal) => {
  try {
    if (process.platform === 'win32') execFileSync(pgCtl, ['kill', signal.slice(3), pidText], { stdio: 'ignore' });
    else process.kill(pid, signal);
  } catch {}
};
let ended = false;
const end = () => {
  if (ended) return;
  ended = true;
  if (!runs()) process.exit();
  send('SIGINT');
  const immediate = Date.now() + 5000;
  setInterval(() => {
    if (!runs()) process.exit();
    if (Date.now() > immediate) send('SIGQUIT');
  }, 50);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.stdin.on('end', end).on('close', end).on('error', end).resume();
`;

/** Watches over a running server from outside of our process. */
export interface Watchdog {
  /** Ends the watch; the server is left as it is. */
  dismiss(): void;
}

/** Starts a process that stops the server `pid` when ours is gone, also after kill -9. */
export function watchOver(pid: number, cluster: string, bin: string): Watchdog {
  const args = ['-e', PROGRAM, String(pid), join(cluster, 'postmaster.pid'), join(bin, 'pg_ctl')];
  const child = spawn(process.execPath, args, {
    cwd: '/',
    env: PLAIN_ENVIRONMENT,
    // A session of its own: what ends our process group does not end the watch.
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a watchdog the next start still finds and stops the server.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return { dismiss: () => void child.kill('SIGKILL') };
}
