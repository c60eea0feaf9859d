import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DemoApi } from './demo-api.js';

describe('a call of the demo', () => {
  const servers: { close(): unknown }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function listening(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  test('says how to name another server where nobody answers', async () => {
    const base = await listening(() => undefined);
    servers.pop()?.close();
    await expect(new DemoApi(base, 'token').call('GET', '/x')).rejects.toThrow(
      `No server answers at ${base}. Start one with npm start; for one that listens elsewhere: PORT=… npm run demo, or npm run demo -- --url http://…`,
    );
  });

  test('says the same where another program answers', async () => {
    const base = await listening((_, response) =>
      response.writeHead(200, { connection: 'close' }).end('<h1>Welcome</h1>'),
    );
    await expect(new DemoApi(base, 'token').call('GET', '/x')).rejects.toThrow(
      `What answers at ${base} is not this product. Start it with npm start; for one that listens elsewhere: PORT=… npm run demo, or npm run demo -- --url http://…`,
    );
  });
});
