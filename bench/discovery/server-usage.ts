import { existsSync, readFileSync } from 'node:fs';

/**
 * Processor time that a process has used, in milliseconds, as its scheduler counts it: to the nanosecond for one that
 * waits. NaN where the system does not tell.
 */
export function cpuMsOf(pid: number): number {
  const file = `/proc/${String(pid)}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : Number.NaN;
}

/** Memory that a process has for itself, without what it shares, in megabytes; NaN where the system does not tell. */
export function privateMbOf(pid: number): number {
  const file = `/proc/${String(pid)}/status`;
  if (!existsSync(file)) return Number.NaN;
  const anonymous = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'));
  return Number(anonymous?.[1]) / 1_024;
}
