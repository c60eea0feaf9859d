import { networkInterfaces } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { Config, loadConfig } from '../../platform/config/config.js';
import { egressOf, SeenDenials } from '../../../test/support/egress.js';
import type { Egress } from './egress.service.js';

const ORG = '0197f000-0000-7000-8000-00000000000a';

function egress(host: string, allow = {}, denials = new SeenDenials()): Egress {
  const secret = 'app-0123456789abcdef0123456789abcdef0123';
  const read = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: 'postgres://u:p@127.0.0.1:5432/d',
    APP_SECRET: secret,
    JWT_SECRET: secret,
    EGRESS_ALLOW: '127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,::1/128,fc00::/7',
  });
  const config = new Config(Object.assign({}, read, { host, port: 3000, metricsPort: 9464 }));
  return egressOf(config, allow, denials);
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
        await expect(egress('0.0.0.0').resolve(ORG, { host, port }, 2_000)).rejects.toMatchObject({
          code: 'EGRESS_DENIED',
        });
      await expect(egress('0.0.0.0').resolve(ORG, { host, port: 5433 }, 2_000)).resolves.toMatchObject({
        port: 5433,
      });
    },
  );

  it('are only those that listen there', async () => {
    await expect(egress('127.0.0.1').resolve(ORG, { host: '127.0.0.2', port: 3000 }, 2_000)).resolves.toEqual(
      {
        host: '127.0.0.2',
        port: 3000,
      },
    );
  });
});

describe('the exit of a tunnel', () => {
  const elsewhere = { host: '203.0.113.7', port: 22 };
  const exit = (host: string, port: number, listen = '127.0.0.1') =>
    egress(listen).exit({ orgId: ORG, server: elsewhere }, { host, port }, 2_000);

  it('is a name that the SSH server looks up, or an address of its network', async () => {
    expect(await exit('DB.internal.', 5432)).toEqual({ host: 'db.internal', port: 5432 });
    expect(await exit('10.1.2.3', 5432)).toEqual({ host: '10.1.2.3', port: 5432 });
    // Its loopback is not ours.
    expect(await exit('127.0.0.1', 3000)).toEqual({ host: '127.0.0.1', port: 3000 });
    expect(await exit('localhost', 3000)).toEqual({ host: 'localhost', port: 3000 });
  });

  it.each([
    '169.254.169.254',
    '2852039166',
    '0xA9FEA9FE',
    '::ffff:169.254.169.254',
    'metadata.google.internal',
  ])('is never %s', async (host) => {
    await expect(exit(host, 80)).rejects.toMatchObject({ code: 'EGRESS_DENIED' });
  });

  it.each(own.filter((host) => !host.startsWith('127.') && host !== '::1'))(
    'T46: is none of our own servers, by %s',
    async (host) => {
      await expect(exit(host, 3000, '0.0.0.0')).rejects.toMatchObject({ code: 'EGRESS_DENIED' });
    },
  );

  it.each(['localhost', '127.0.0.1', '127.0.0.2', ...own])(
    'T46: of an SSH server on this machine is none of our own servers, by %s',
    async (host) => {
      const here = { host: '127.0.0.1', port: 22 };
      const found = egress('0.0.0.0').exit({ orgId: ORG, server: here }, { host, port: 3000 }, 2_000);
      await expect(found).rejects.toMatchObject({ code: 'EGRESS_DENIED' });
    },
  );
});

describe('the allow-list of an organization', () => {
  const list = { [ORG]: ['10.1.0.0/16', '203.0.113.7', '*.db.example', 'localhost'] };
  const refusalOf = async (host: string, orgId = ORG): Promise<string | undefined> =>
    (await egress('127.0.0.1', list).judge(orgId, { host, port: 5433 }, 2_000)).refusal;

  it('narrows what the deployment allows, by address and by name', async () => {
    expect(await refusalOf('10.1.2.3')).toBeUndefined();
    expect(await refusalOf('203.0.113.7')).toBeUndefined();
    expect(await refusalOf('localhost')).toBeUndefined();
    expect(await refusalOf('10.2.0.1')).toBe('organization');
    expect(await refusalOf('93.184.216.34')).toBe('organization');
  });

  it('opens nothing that the deployment does not', async () => {
    const open = egress('127.0.0.1', { [ORG]: ['198.18.0.0/15'] });
    expect(await open.judge(ORG, { host: '198.18.0.1', port: 1 }, 2_000)).toMatchObject({
      refusal: 'private',
    });
    expect(await refusalOf('169.254.169.254')).toBe('never');
  });

  it('is of nobody else', async () => {
    expect(await refusalOf('93.184.216.34', '0197f000-0000-7000-8000-00000000000b')).toBeUndefined();
  });

  it('tells what it refused, and what to do', async () => {
    const denials = new SeenDenials();
    const refused = egress('127.0.0.1', list, denials).resolve(ORG, { host: '10.2.0.1', port: 5432 }, 2_000);
    await expect(refused).rejects.toMatchObject({
      code: 'EGRESS_DENIED',
      details: { hint: expect.stringContaining('/organization/egress-policy') },
    });
    expect(denials.seen).toEqual([{ orgId: ORG, where: '10.2.0.1:5432', refusal: 'organization' }]);
  });
});
