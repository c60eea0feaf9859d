import { rmSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Running, ServerName, TestEndpoint } from './server-types.js';
import { CATALOGUE } from './catalogue.js';

/**
 * Jest runs one test file at a time per worker (one worker on two cores), so few servers are in use at a moment; but
 * all of them together, a dozen of Java's among them, would take some 6 GB. A server stays after its suite, for the
 * next suite that wants it, until another one needs the room.
 */
const BUDGET_MB = Math.min(4_096, totalmem() / 2 ** 20 / 4);

interface Kept {
  readonly folder: string;
  readonly running: Promise<Running<TestEndpoint>>;
  /** The test file that asked last, by worker. */
  readonly holders: Map<string, string>;
  usedAt: number;
}

/** Starts each server when it is first asked for, and ends those that nobody uses when memory runs short. */
export class ServerKeeper {
  private readonly kept = new Map<ServerName, Kept>();
  private uses = 0;

  /** @param folder that other accounts may enter: some servers do not run as root. */
  constructor(
    private readonly folder: string,
    private readonly budgetMb = BUDGET_MB,
  ) {}

  /**
   * The one running server of that name; many suites share it. `worker` runs `file` now: it holds the server as long
   * as it asks for nothing on behalf of another file.
   */
  async serverOf(name: string, worker: string, file: string): Promise<TestEndpoint> {
    if (!isServerName(name)) throw new Error(`There is no test server ${name}.`);
    for (const { holders } of this.kept.values()) if (holders.get(worker) !== file) holders.delete(worker);
    const kept = this.kept.get(name) ?? this.start(name);
    kept.holders.set(worker, file);
    kept.usedAt = ++this.uses;
    return (await kept.running).server;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.kept.values()].map(end));
  }

  private start(name: ServerName): Kept {
    const gone = this.makeRoomFor(CATALOGUE[name].mb);
    // A folder of its own for each start: the data of an ended server may still be there.
    const folder = join(this.folder, `${name}-${String(this.uses)}`);
    const attempt = (count: number): Promise<Running<TestEndpoint>> =>
      CATALOGUE[name].start(join(folder, String(count)));
    const running = gone
      .then(() => attempt(1))
      // Most of all when somebody else took a port that had just been free.
      .catch((error: unknown) => {
        console.error(`Test server ${name} did not start, once more: ${String(error)}`);
        return attempt(2);
      });
    const kept: Kept = { folder, running, holders: new Map(), usedAt: 0 };
    this.kept.set(name, kept);
    // A server that did not start is tried again by the next suite.
    running.catch(() => {
      if (this.kept.get(name) === kept) this.kept.delete(name);
    });
    return kept;
  }

  private async makeRoomFor(mb: number): Promise<void> {
    const idle = [...this.kept]
      .filter(([, { holders }]) => holders.size === 0)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt);
    let used = mb;
    for (const name of this.kept.keys()) used += CATALOGUE[name].mb;
    const ended: Promise<void>[] = [];
    for (const [name, kept] of idle) {
      if (used <= this.budgetMb) break;
      this.kept.delete(name);
      used -= CATALOGUE[name].mb;
      ended.push(end(kept));
    }
    await Promise.all(ended);
  }
}

async function end({ folder, running }: Kept): Promise<void> {
  // One that did not start has ended what it had started.
  await running.then((server) => server.stop()).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}

const isServerName = (name: string): name is ServerName => Object.hasOwn(CATALOGUE, name);
