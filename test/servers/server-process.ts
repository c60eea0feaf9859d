import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
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
 * The shell holds the server's life: when its standard input ends (we stop it, or we were killed) the server goes.
 * The first line on its standard output is the server's process id.
 */
const WATCHDOG =
  '"$@" >"$0" 2>&1 & p=$!; echo "$p"; read -r _; kill -KILL "$p" 2>/dev/null; wait "$p" 2>/dev/null';

/** A server that was started here. */
export class ServerProcess {
  private constructor(
    /** Process id of the server itself, for SIGSTOP and SIGKILL in tests. */
    readonly pid: number,
    private readonly shell: ChildProcess,
    private readonly log: string,
  ) {}

  /** Starts `command` under a watchdog; its output goes to the file `log`. */
  static async start(command: readonly string[], log: string): Promise<ServerProcess> {
    openSync(log, 'a');
    const shell = spawn('/bin/sh', ['-c', WATCHDOG, log, ...command], { stdio: ['pipe', 'pipe', 'ignore'] });
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
      return true;
    } catch {
      return false;
    }
  }

  /** Ends the server at once: its data is thrown away. */
  async stop(): Promise<void> {
    if (this.shell.exitCode !== null) return;
    const gone = new Promise((resolve) => this.shell.once('exit', resolve));
    this.shell.stdin?.end();
    await gone;
  }
}
