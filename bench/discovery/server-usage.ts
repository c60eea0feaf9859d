import { existsSync, readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Processor time that a process has used, in milliseconds; NaN where the system does not tell. */
export function cpuMsOf(pid: number): number {
  const file = `/proc/${String(pid)}/stat`;
  if (!existsSync(file)) return Number.NaN;
  // The name in brackets may hold spaces; the 14th and 15th field are user and system time.
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Memory that a process has for itself, without what it shares, in megabytes; NaN where the system does not tell. */
export function privateMbOf(pid: number): number {
  const file = `/proc/${String(pid)}/status`;
  if (!existsSync(file)) return Number.NaN;
  const anonymous = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'));
  return Number(anonymous?.[1]) / 1_024;
}
