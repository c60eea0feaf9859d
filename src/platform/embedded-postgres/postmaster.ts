import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PLAIN_ENVIRONMENT } from './server-process.js';
import { isAlive, waitForExit } from './process-identity.js';

/** What a server writes into its data folder about itself. */
interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

/** Reads `postmaster.pid` of a data folder; undefined where there is none, or only a part of one. */
export function readPostmasterFile(cluster: string): PostmasterFile | undefined {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/**
 * Ends a server that a killed app left behind on this data folder, and removes a `postmaster.pid` that names no server
 * of this folder (after a crash of the machine the id may belong to anything). Call it only under the instance lock.
 *
 * @returns whether a running server was stopped.
 */
export async function clearLeftovers(cluster: string, bin: string): Promise<boolean> {
  const found = readPostmasterFile(cluster);
  const orphan = found !== undefined && isAlive(found.pid) && serves(found.pid, cluster);
  if (orphan) await stopPostmaster(found.pid, bin);
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return orphan;
}

/** Whether a process is the server of this data folder, not another one that has the id by now. */
function serves(pid: number, cluster: string): boolean {
  try {
    // The server's working folder is its data folder, whatever name it was given for it.
    if (process.platform === 'linux')
      return readlinkSync(`/proc/${String(pid)}/cwd`) === realpathSync(cluster);
    if (process.platform === 'win32')
      return execFileSync('tasklist', ['/fi', `PID eq ${String(pid)}`], { encoding: 'utf8' }).includes(
        'postgres',
      );
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(cluster);
  } catch {
    return false;
  }
}

/** Fast shutdown; immediate after 5 s; killed after 5 s more. Resolves when the process is gone. */
export async function stopPostmaster(pid: number, bin: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    send(pid, signal, bin);
    if (await waitForExit(pid, 5_000)) return;
  }
}

function send(pid: number, signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL', bin: string): void {
  try {
    if (process.platform === 'win32' && signal !== 'SIGKILL') {
      // Windows has no signals: PostgreSQL listens on a pipe of its own for them.
      const args = ['kill', signal.slice(3), String(pid)];
      execFileSync(join(bin, 'pg_ctl'), args, { env: PLAIN_ENVIRONMENT, stdio: 'ignore' });
    } else process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
