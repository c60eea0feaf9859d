import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Steps } from './cli/steps.js';
import type { AppError } from './common/app-error.js';
import { loadConfig } from './platform/config/config.js';
import { lockInstance } from './platform/embedded-postgres/instance-lock.js';
import { startUp } from './start-up.js';

describe('a start on a port that is in use', () => {
  let dataDir: string;
  const servers: { close(): unknown }[] = [];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'datawave-start-up-'));
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    rmSync(dataDir, { recursive: true });
  });

  async function taken(listener: RequestListener): Promise<number> {
    const server = createServer({ keepAlive: false }, (request, response) => {
      response.setHeader('connection', 'close');
      listener(request, response);
    });
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** What the start ends with; it says nothing before, for nothing was done. */
  async function refusal(environment: Record<string, string>): Promise<AppError> {
    const said: string[] = [];
    const config = loadConfig({
      NODE_ENV: 'test',
      DATA_DIR: dataDir,
      PORT: '0',
      METRICS_PORT: '0',
      ...environment,
    });
    const fault = await startUp(config, new Steps((text) => said.push(text))).then(
      async ({ stop }) => {
        await stop();
        throw new Error('It started.');
      },
      (error: unknown) => error as AppError,
    );
    expect(said).toEqual([]);
    return fault;
  }

  test.each(['PORT', 'METRICS_PORT'])('names %s and the other program', async (name) => {
    const port = await taken((_, response) => response.writeHead(404).end());
    const fault = await refusal({ [name]: String(port) });
    expect(fault).toMatchObject({
      code: 'CONFLICT',
      message: `Port ${String(port)} on 127.0.0.1 is in use by another program.`,
      details: { hint: expect.stringContaining(`${name}=${String(port + 1)} npm start`) },
    });
  });

  test('takes a program that never answers for another one', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined));
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    expect((await refusal({ METRICS_PORT: String(port) })).message).toContain('by another program');
  });

  test('asks a worker for the one port that it needs', async () => {
    const port = await taken((_, response) => response.end());
    const fault = await refusal({ ROLE: 'worker', PORT: '1', METRICS_PORT: String(port) });
    expect(fault.message).toContain(String(port));
  });

  test('knows the product itself, and its process by the lock of the data folder', async () => {
    const live = await taken((_, response) => response.end('{"status":"live"}'));
    const metrics = await taken((_, response) => response.end('# HELP x\ndatawave_source_pools 0\n'));
    const url = `http://127.0.0.1:${String(live)}`;
    expect((await refusal({ PORT: String(live) })).message).toBe(`Datawave is already running at ${url}.`);

    const lock = lockInstance(dataDir, [live, metrics]);
    const pid = String(process.pid);
    expect((await refusal({ PORT: String(live) })).message).toBe(
      `Datawave is already running at ${url} (pid ${pid}).`,
    );
    expect((await refusal({ METRICS_PORT: String(metrics) })).message).toBe(
      `Datawave is already running with METRICS_PORT ${String(metrics)} on 127.0.0.1 (pid ${pid}).`,
    );
    lock.release();
  });
});
