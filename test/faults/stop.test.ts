import { Agent, request } from 'node:http';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { postgresConnection } from '../support/sources.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let app: TestApp;
let proxy: TcpProxy;
let silent: Record<string, unknown>;

beforeEach(async () => {
  app = await startApp();
  const connection = await postgresConnection();
  proxy = await TcpProxy.start({ host: String(connection.host), port: Number(connection.port) });
  proxy.mode = 'silent';
  silent = { ...connection, port: proxy.port };
});

afterEach(() => proxy.stop());

/** Status and `Connection` header of a test of a silent source, over a connection that the client means to keep. */
async function testSilent(agent: Agent): Promise<[number | undefined, string | undefined]> {
  const body = JSON.stringify({ connection: silent, pool: { connect_timeout_ms: 1_500 } });
  const headers = {
    authorization: `Bearer ${await app.token('admin')}`,
    'content-type': 'application/json',
  };
  return new Promise((resolve, reject) => {
    const call = request(
      `${app.url}/api/v1/data-sources/test`,
      { method: 'POST', agent, headers },
      (response) => {
        response.resume();
        response.once('end', () => resolve([response.statusCode, response.headers.connection]));
      },
    );
    call.once('error', reject).end(body);
  });
}

it('a stop waits for the answer that it owes, not for the connection that the client keeps', async () => {
  const agent = new Agent({ keepAlive: true });
  const answer = testSilent(agent);
  await until(() => proxy.open > 0, 'the request is at work');
  const stopped = app.stop().then(() => 'stopped');
  expect(await answer).toEqual([200, 'close']);
  const late = new Promise((resolve) => setTimeout(resolve, 15_000, 'still open').unref());
  expect(await Promise.race([stopped, late])).toBe('stopped');
  agent.destroy();
});
