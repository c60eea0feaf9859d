import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../common/app-error.js';
import { give, type ServerFolder } from './folder.js';

const LOG = 'server.log';
const LOG_LIMIT_BYTES = 5_000_000;

/** All that a child gets of an environment: PGPORT or NODE_OPTIONS of ours would change what it does. */
export const PLAIN_ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC' };

/** Starts a program of PostgreSQL under its account, away from our terminal's signals, its output in server.log. */
export function launch(folder: ServerFolder, program: string, args: readonly string[]): ChildProcess {
  const log = openLog(folder);
  try {
    const child = spawn(program, args, {
      cwd: folder.descriptor === undefined ? folder.path : '/',
      env: PLAIN_ENVIRONMENT,
      // Ctrl+C in a terminal goes to the whole process group: the server must outlive the app that still uses it.
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log, log, ...(folder.descriptor === undefined ? [] : [folder.descriptor])],
      ...(folder.account && { uid: folder.account.uid, gid: folder.account.gid }),
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Resolves with the exit code (128 for a signal); rejects where the program cannot be started. */
export function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  if (child.signalCode !== null) return Promise.resolve(128);
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new AppError('DATABASE_UNAVAILABLE', `PostgreSQL cannot be executed (${error.code ?? 'unknown'}).`),
      ),
    );
    child.once('exit', (code) => resolve(code ?? 128));
    child.ref();
  });
}

function openLog(folder: ServerFolder): number {
  const path = join(folder.path, LOG);
  if (existsSync(path) && statSync(path).size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  const log = openSync(path, 'a', 0o600);
  give(path, folder.account);
  return log;
}

/** What the server said last about why it does not run, for a message to the person who starts it. */
export function lastWords(folder: ServerFolder, from: number): string {
  const said = readFileSync(join(folder.path, LOG)).subarray(from).toString('utf8');
  const lines = said.split('\n').filter((line) => /\b(FATAL|PANIC|HINT|error):/i.test(line));
  return lines
    .slice(-3)
    .map((line) => line.replace(/^.*?(FATAL|PANIC|HINT|error):\s*/i, ''))
    .join(' ');
}

/** Length of the log in bytes: what is said later starts here. */
export function logLength(folder: ServerFolder): number {
  return statSync(join(folder.path, LOG), { throwIfNoEntry: false })?.size ?? 0;
}

/** A refusal to run, with what the server said about it since `from`, a length of its log. */
export function failed(what: string, folder: ServerFolder, from: number): AppError {
  const why = lastWords(folder, from);
  return new AppError('DATABASE_UNAVAILABLE', why === '' ? `${what}.` : `${what}: ${why}`, {
    hint: `See ${join(folder.path, 'server.log')}, or set DATABASE_URL to a PostgreSQL of yours.`,
  });
}
