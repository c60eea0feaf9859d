import { networkInterfaces } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { Config, loadConfig } from '../../platform/config/config.js';
import { Egress } from './egress.service.js';

function egress(host: string): Egress {
  const secret = 'app-0123456789abcdef0123456789abcdef0123';
  const read = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: 'postgres://u:p@127.0.0.1:5432/d',
    APP_SECRET: secret,
    JWT_SECRET: secret,
    EGRESS_ALLOW: '127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,::1/128,fc00::/7',
  });
  return new Egress(new Config(Object.assign({}, read, { host, port: 3000, metricsPort: 9464 })));
}

const own = Object.values(networkInterfaces())
  .flatMap((found) => found ?? [])
  .filter(({ address }) => !address.startsWith('fe80'))
  .map(({ address }) => address);

describe("the product's own servers (T46)", () => {
  it.each(['127.0.0.1', '127.0.0.2', '::ffff:127.1.2.3', ...own])(
    'are not dialled by %s where they listen on every address',
    async (host) => {
      for (const port of [3000, 9464])
        await expect(egress('0.0.0.0').resolve({ host, port }, 2_000)).rejects.toMatchObject({
          code: 'EGRESS_DENIED',
        });
      await expect(egress('0.0.0.0').resolve({ host, port: 5433 }, 2_000)).resolves.toMatchObject({
        port: 5433,
      });
    },
  );

  it('are only those that listen there', async () => {
    await expect(egress('127.0.0.1').resolve({ host: '127.0.0.2', port: 3000 }, 2_000)).resolves.toEqual({
      host: '127.0.0.2',
      port: 3000,
    });
  });
});
