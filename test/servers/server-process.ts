import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Servers keep their programs here, outside of an ordinary user's PATH. */
const EXTRA_PATH = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/** The absolute path of a program, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_PATH];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The same for a program without which a server cannot start: throws. */
export function programOf(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed; run test/servers/install.sh`);
  return path;
}

/** Writes files that only we may read into `folder` (which it makes); gives their absolute paths. */
export function filesIn(folder: string): (name: string, text: string) => string {
  mkdirSync(folder, { recursive: true });
  return (name, text) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
}

/** Throws until an HTTP server answers there at all, whatever it says, within 5 seconds. */
export async function answers(url: string): Promise<void> {
  await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).arrayBuffer();
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/**
 * The shell holds the server's life: when its standard input ends (we were killed) the server is killed, and when a
 * line comes, the server gets the signal that the line names. The first line on its standard output is the server's
 * process id.
 */
const WATCHDOG =
  '"$@" >"$0" 2>&1 & p=$!; echo "$p"; read -r s || s=KILL; kill -"$s" "$p" 2>/dev/null; wait "$p" 2>/dev/null';
/** A server that was asked to end and has not by then is killed. */
const END_MS = 10_000;

/** A server that was started here. */
export class ServerProcess {
  private constructor(
    /** Process id of the server itself, for SIGSTOP and SIGKILL in tests. */
    readonly pid: number,
    private readonly shell: ChildProcess,
    private readonly log: string,
  ) {}

  /** Starts `command` under a watchdog; its output goes to the file `log`. Adds `env` to the environment. */
  static async start(
    command: readonly string[],
    log: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    closeSync(openSync(log, 'a'));
    const shell = spawn('/bin/sh', ['-c', WATCHDOG, log, ...command], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    });
    const pid = await new Promise<number>((resolve, reject) => {
      shell.once('error', reject);
      shell.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    });
    return new ServerProcess(pid, shell, log);
  }

  /** Waits until `ready` resolves; throws with the end of the log when it does not within `ms` milliseconds. */
  async untilReady(ready: () => Promise<unknown>, ms = 60_000): Promise<void> {
    const end = Date.now() + ms;
    for (;;) {
      try {
        await ready();
        return;
      } catch (error) {
        if (Date.now() > end || !this.alive) {
          const tail = readFileSync(this.log, 'utf8').slice(-2_000);
          await this.stop();
          throw new Error(`The test server did not start: ${tail}`, { cause: error });
        }
        await pause(25);
      }
    }
  }

  get alive(): boolean {
    try {
      process.kill(this.pid, 0);
      // One that has ended keeps its process id until its shell looks.
      return !readFileSync(`/proc/${String(this.pid)}/stat`, 'utf8').includes(') Z ');
    } catch (error) {
      // Where there is no /proc, the signal alone tells.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux';
    }
  }

  /** Ends the server at once, as its data is thrown away; by a milder signal where it must clean up behind itself. */
  async stop(signal: 'KILL' | 'QUIT' | 'TERM' = 'KILL'): Promise<void> {
    if (this.shell.exitCode !== null) return;
    const gone = new Promise((resolve) => this.shell.once('exit', resolve));
    // A shell that was ended by somebody else reads no more.
    this.shell.stdin?.on('error', () => undefined).end(`${signal}\n`);
    const late = setTimeout(() => process.kill(this.pid, 'SIGKILL'), END_MS);
    await gone;
    clearTimeout(late);
  }
}
