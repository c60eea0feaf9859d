import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../common/app-error.js';
import { isAlive, startedAt } from './process-identity.js';

interface Holder {
  readonly pid: number;
  readonly started?: string | undefined;
  /** On which it listens, or is about to. */
  readonly ports?: readonly number[] | undefined;
}

const LOCK = 'app.lock';

/** Says that this process uses a folder. */
export interface InstanceLock {
  /** Gives the folder free. Safe to call twice. */
  release(): void;
}

/**
 * Takes `app.lock` in the folder for this process, making the folder where it is missing. The lock of a process that
 * is gone is taken over, also where another process has its id now. Throws CONFLICT when a living process holds it.
 *
 * @param ports of this process, for `holderOfPort`.
 */
export function lockInstance(folder: string, ports: readonly number[] = []): InstanceLock {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, LOCK);
  const own = JSON.stringify({ pid: process.pid, started: startedAt(process.pid), ports } satisfies Holder);
  // Written first and linked then: a lock that can be seen is complete.
  const draft = `${path}.${String(process.pid)}`;
  writeFileSync(draft, own, { mode: 0o644 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      if (linked(draft, path)) return { release: () => releaseIfOurs(path, own) };
      const found = readLock(path);
      if (found === undefined) continue;
      const holder = parse(found);
      if (holder && lives(holder)) throw held(folder, holder.pid);
      setAside(path, found);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw held(folder);
}

/** Id of the living process that holds the folder and listens on this port; undefined where there is none. */
export function holderOfPort(folder: string, port: number): number | undefined {
  const found = readLock(join(folder, LOCK));
  const holder = found === undefined ? undefined : parse(found);
  return holder?.ports?.includes(port) === true && lives(holder) ? holder.pid : undefined;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Two processes may judge the same lock as dead: whoever moves the other's fresh lock puts it back. */
function setAside(path: string, judged: string): void {
  const aside = `${path}.stale.${String(process.pid)}`;
  try {
    renameSync(path, aside);
    if (readLock(aside) !== judged) linked(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function releaseIfOurs(path: string, own: string): void {
  if (readLock(path) === own) rmSync(path, { force: true });
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, started, ports } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' ? { pid, started, ports } : undefined;
  } catch {
    return undefined;
  }
}

function lives({ pid, started }: Holder): boolean {
  if (!isAlive(pid)) return false;
  const now = startedAt(pid);
  return started === undefined || now === undefined || started === now;
}

function held(folder: string, pid?: number): AppError {
  const who = pid === undefined ? 'Another process' : `Another process (${String(pid)})`;
  return new AppError('CONFLICT', `${who} already uses the data folder ${folder}.`, {
    hint: 'Stop it first, or start this one with another DATA_DIR.',
  });
}
