import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether a process with this id exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * When a process was started, as text to compare: process ids are used again, so an id alone names no process.
 * Undefined where the platform does not tell; a caller then has only the id.
 */
export function startedAt(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // Ticks since boot, so the boot is part of the name. The command in parentheses may itself hold spaces.
      const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${String(ticks)}`;
    }
    if (process.platform === 'win32') return undefined;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Polls until the process is gone or the time in milliseconds is over; false means that it still lives. */
export async function waitForExit(pid: number, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (isRunning(pid)) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** Whether a process still runs. A zombie keeps its id until its parent reads its status, yet it holds no file. */
export function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
