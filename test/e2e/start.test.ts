import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '../servers/server-process.js';

jest.setTimeout(180_000);

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A command of the README that runs as a process of its own. */
class Command {
  output = '';
  private readonly ended: Promise<unknown>;

  private constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = once(child, 'close');
  }

  static run(program: readonly string[], env: Record<string, string>): Command {
    const [file = '', ...args] = program;
    // Jest's own options of Node are not for the product.
    return new Command(spawn(file, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '', ...env } }));
  }

  /** Waits for a text in the output; fails when the command ends without it. */
  async says(pattern: RegExp, ms = 90_000): Promise<string> {
    const deadline = Date.now() + ms;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found[1] ?? found[0];
      if (this.child.exitCode !== null || Date.now() > deadline)
        throw new Error(`Never said ${String(pattern)}:\n${this.output}`);
      await pause(20);
    }
  }

  async code(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }
}

interface Source {
  readonly name: string;
  readonly status: string;
  readonly status_reason: { readonly code: string };
}

describe('npm start', () => {
  let folder: string;
  let env: Record<string, string>;
  let base: string;
  const commands: Command[] = [];

  const run = (program: readonly string[], more: Record<string, string> = {}): Command => {
    const command = Command.run(program, { ...env, ...more });
    commands.push(command);
    return command;
  };
  const start = (more: Record<string, string> = {}): Command =>
    run([process.execPath, 'scripts/start.mjs'], more);
  const cli = (name: string, ...args: string[]): Command =>
    run([process.execPath, 'scripts/run.mjs', `cli/${name}`, ...args]);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'npm-start-'));
    const [port, metrics] = [await freePort(), await freePort()];
    base = `http://127.0.0.1:${String(port)}`;
    env = {
      DATA_DIR: join(folder, 'data'),
      PORT: String(port),
      METRICS_PORT: String(metrics),
      LOG_LEVEL: 'warn',
      NODE_ENV: 'development',
    };
  });
  afterAll(async () => {
    for (const { child } of commands)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await Promise.all(commands.map((command) => command.code()));
    rmSync(folder, { recursive: true, force: true });
  });

  async function list(token: string): Promise<Source[]> {
    const response = await fetch(`${base}/api/v1/data-sources?sort=name`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { items: Source[] }).items;
  }

  it('starts everything in an empty folder, says where it is, and shows the demo', async () => {
    const began = performance.now();
    const app = start();
    await app.says(/✔ PostgreSQL 18\.\d+ started/);
    await app.says(/✔ Database schema migrated/);
    const token = await app.says(/^(eyJ\S+)$/m);
    expect(app.output).toContain(`${base}/docs#/data-sources`);
    expect(app.output).toContain(`curl -H "Authorization: Bearer ${token}" ${base}/api/v1/data-sources`);
    process.stdout.write(`npm start: first start ${String(Math.round(performance.now() - began))} ms\n`);

    const deadline = Date.now() + 60_000;
    let sources = await list(token);
    while (sources.some(({ status }) => status === 'testing') && Date.now() < deadline) {
      await pause(100);
      sources = await list(token);
    }
    expect(sources.map(({ name, status, status_reason: { code } }) => [name, status, code])).toEqual([
      ['Old warehouse (broken on purpose)', 'failed', 'DATABASE_NOT_FOUND'],
      ['Orders (CSV)', 'active', 'OK'],
      ['demo_shop', 'active', 'OK'],
    ]);
  });

  it('has a token for every role, alone on standard output', async () => {
    const command = cli('token', '--role', 'viewer');
    expect(await command.code()).toBe(0);
    expect(command.output).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(await list(command.output.trim())).toHaveLength(3);
  });

  it('refuses a second start on the same folder, and on a busy port, in one line', async () => {
    const sameFolder = start({ PORT: String(await freePort()), METRICS_PORT: String(await freePort()) });
    expect(await sameFolder.code()).toBe(1);
    expect(sameFolder.output).toMatch(/^✖ Another process \(\d+\) already uses the data folder [^\n]+\n$/);
    const samePort = start({ DATA_DIR: join(folder, 'other') });
    expect(await samePort.code()).toBe(1);
    // The data folder is another one: nothing says which process it is.
    expect(samePort.output).toMatch(new RegExp(`^✖ Datawave is already running at ${base}\\. [^\\n]+\\n$`));
    const again = start();
    expect(await again.code()).toBe(1);
    const pid = String(commands[0]?.child.pid);
    expect(again.output).toMatch(
      new RegExp(`^✖ Datawave is already running at ${base} \\(pid ${pid}\\)\\. [^\\n]+\\n$`),
    );
    const sameMetricsPort = start({ PORT: String(await freePort()) });
    expect(await sameMetricsPort.code()).toBe(1);
    expect(sameMetricsPort.output).toMatch(
      new RegExp(`^✖ Datawave is already running with METRICS_PORT ${env.METRICS_PORT ?? ''} on [^\\n]+\\n$`),
    );
  });

  it('passes the doctor while it runs', async () => {
    const doctor = cli('doctor');
    expect({ code: await doctor.code(), output: doctor.output }).toMatchObject({ code: 0 });
    expect(doctor.output.match(/is in use by this product, which runs/g)).toHaveLength(2);
    expect(doctor.output).toContain(`URLs that the API gives out begin with ${base} `);
  });

  it('walks through the demo', async () => {
    const demo = cli('demo');
    expect({ code: await demo.code(), output: demo.output }).toMatchObject({ code: 0 });
    for (const step of [
      'created',
      'tested: ',
      'DATABASE_NOT_FOUND',
      'discovered',
      'read the schemas',
      'health',
    ])
      expect(demo.output).toContain(step);
  });

  it('ends on SIGTERM within 10 s, and answers what it has begun to read', async () => {
    const [app] = commands;
    if (!app) throw new Error('not started');
    const token = await app.says(/^(eyJ\S+)$/m);
    const body = JSON.stringify({ connection: { type: 'csv', file_path: 'orders.csv' } });
    const call = request(`${base}/api/v1/data-sources/test`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': String(body.length),
      },
    });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      call.once('response', (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
      });
      call.once('error', reject);
    });
    call.write(body.slice(0, 10));
    await once(call, 'socket');
    const polite = Array.from({ length: 8 }, () => readUntilClosed(`${base}/api/v1/data-sources`, token));
    await pause(300);
    const began = performance.now();
    app.child.kill('SIGTERM');
    await pause(200);
    call.end(body.slice(10));
    expect(await answered).toBe(200);
    expect(await Promise.all(polite)).toEqual(polite.map(() => 'told to leave'));
    expect(await app.code()).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('keeps its data, and recovers from kill -9', async () => {
    const first = start();
    await first.says(/^(eyJ\S+)$/m);
    first.child.kill('SIGKILL');
    await first.code();
    const began = performance.now();
    const second = start();
    const token = await second.says(/^(eyJ\S+)$/m);
    process.stdout.write(`npm start: warm start ${String(Math.round(performance.now() - began))} ms\n`);
    expect(await list(token)).toHaveLength(3);
    expect(second.output).not.toContain('Demo content created');
    second.child.kill('SIGTERM');
    expect(await second.code()).toBe(0);
  });

  it('ends in order under npm itself', async () => {
    const npm = run(['npm', 'start']);
    await npm.says(/^(eyJ\S+)$/m);
    npm.child.kill('SIGTERM');
    // The output is closed when the last process that holds it is gone, which is the app and not npm.
    await npm.code();
    await expect(fetch(`${base}/health/live`)).rejects.toThrow();
    expect(npm.output).not.toContain('✖');
  });

  it('refuses production without its settings, all of them at once', async () => {
    const app = start({ NODE_ENV: 'production' });
    expect(await app.code()).toBe(1);
    for (const name of ['DATABASE_URL', 'APP_SECRET', 'JWT_SECRET']) expect(app.output).toContain(name);
  });
});

/** Reads over one kept connection, again and again, until an answer says that it closes. */
async function readUntilClosed(url: string, token: string): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const read = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      const call = get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.headers.connection));
      });
      call.once('error', ({ message }) => resolve(message));
    });
  let heard = await read();
  while (heard === 'keep-alive') {
    await pause(20);
    heard = await read();
  }
  agent.destroy();
  return heard === 'close' ? 'told to leave' : String(heard);
}
