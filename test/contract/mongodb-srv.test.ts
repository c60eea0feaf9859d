import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import dns from 'node:dns/promises';
import { AppError } from '../../src/common/app-error.js';
import { EgressPolicy } from '../../src/connectors/runtime/egress.policy.js';
import { mongodb } from '../../src/connectors/drivers/mongodb.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import { DnsServer } from '../doubles/dns-server.js';
import type { MemberOptions } from '../doubles/mongodb-member.js';
import { freePort } from '../servers/server-process.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { describeOn } from '../support/servers.js';
import { faultOf, type Address, type Connection } from './contract-source.js';
import { deploymentBench } from './mongodb-bench.js';

const NAME = 'set.shop.example';
const MEMBERS = ['m0.shop.example', 'm1.shop.example'] as const;

describeOn('mongodb', 'SRV records of MongoDB', () => {
  const { start, open } = deploymentBench();
  const tls = makeTlsMaterial([...MEMBERS]);
  const withTls: MemberOptions = { tls: { certificate: tls.server, ca: tls.ca } };
  const before = dns.getServers();
  let names: DnsServer;
  beforeAll(async () => {
    names = await DnsServer.start();
    dns.setServers([names.address]);
  });
  afterAll(async () => {
    dns.setServers(before);
    await names.stop();
  });
  beforeEach(() => {
    names.services.clear();
    names.addresses.clear();
    names.silent = false;
    for (const name of MEMBERS) names.addresses.set(name, '127.0.0.1');
  });

  /** Judges addresses by the rules of the product, names being those of the DNS server of the tests. */
  const judging = (allow: readonly string[]) => {
    const policy = new EgressPolicy(allow);
    const judged: string[] = [];
    const locate = async ({ host, port }: Address): Promise<Address> => {
      judged.push(host);
      const [address] = await dns.resolve4(host);
      if (address === undefined || policy.judge(address, host) !== 'allowed')
        throw new AppError('EGRESS_DENIED', 'The address is in a range that is not allowed here.');
      return { host: address, port };
    };
    return { locate, judged };
  };
  const record = (...targets: readonly (readonly [string, number])[]): void =>
    void names.services.set(
      `_mongodb._tcp.${NAME}`,
      targets.map(([name, port]) => ({ name, port })),
    );
  const at = (host: string): Address => ({ host, port: 27_017 });
  const srv: Connection = { srv: true, tls: { ca: tls.ca } };

  test('lead to the members; the first one that can be read is, each is judged and proves its name', async () => {
    const { members } = await start(['secondary'], withTls);
    record([MEMBERS[0], await freePort()], [MEMBERS[1], members[0]?.port ?? 0]);
    const { locate, judged } = judging(['127.0.0.0/8']);
    const steps: unknown[] = [];
    const session = await open(at(NAME.toUpperCase()), srv, {
      locate,
      onStep: (step, detail) => void steps.push([step, detail]),
    });
    await session.close();
    expect(judged).toEqual(MEMBERS);
    expect(steps.at(-1)).toMatchObject(['database', { node: `${MEMBERS[1]}:${String(members[0]?.port)}` }]);
    const stranger = { srv: true, tls: { ca: tls.otherCa } };
    expect((await faultOf(open(at(NAME), stranger, { locate }))).code).toBe('TLS_FAILED');
  });

  test('that lead to loopback are refused by the egress policy, and nothing is dialled (T29)', async () => {
    const set = await start(['primary'], withTls);
    record([MEMBERS[0], set.the('primary').port], [MEMBERS[1], set.the('primary').port]);
    const { locate, judged } = judging([]);
    expect((await faultOf(open(at(NAME), srv, { locate }))).code).toBe('EGRESS_DENIED');
    expect(judged).toEqual(MEMBERS);
    expect(set.the('primary').dials).toBe(0);
  });

  test.each([
    ['of another domain', NAME, 'm0.evil.example'],
    ['of a domain that only ends the same', NAME, 'm0.evilshop.example'],
    ['that is the parent domain itself', NAME, 'shop.example'],
    ['of the whole top level, for a name of two labels', 'shop.example', 'evil.example'],
    ['of the same two labels and no more', 'shop.example', 'shop.example'],
    ['of anywhere, for a name of one label', 'set', 'evil.set.example'],
  ])('that name a member %s are not believed at all (T29)', async (_, name, member) => {
    const set = await start(['primary'], withTls);
    const { port } = set.the('primary');
    const good = name === NAME ? MEMBERS[0] : `m0.${name}`;
    for (const host of [good, member]) names.addresses.set(host, '127.0.0.1');
    names.services.set(
      `_mongodb._tcp.${name}`,
      [good, member].map((host) => ({ name: host, port })),
    );
    const { locate, judged } = judging(['127.0.0.0/8']);
    const fault = await faultOf(open(at(name), srv, { locate }));
    expect([fault.code, fault.message]).toEqual(['HOST_UNKNOWN', expect.stringContaining('outside of')]);
    expect(judged).toEqual([]);
    expect(set.the('primary').dials).toBe(0);
  });

  test('of a name of two labels may name members below it', async () => {
    const { members } = await start(['primary'], withTls);
    const { locate } = judging(['127.0.0.0/8']);
    names.services.set('_mongodb._tcp.shop.example', [{ name: MEMBERS[0], port: members[0]?.port ?? 0 }]);
    const session = await open(at('shop.example'), srv, { locate });
    await session.close();
    expect(members[0]?.heard.map(({ name }) => name)).toContain('saslStart');
  });

  test('that do not exist are HOST_UNKNOWN; a DNS server that is silent costs the deadline and no more', async () => {
    expect((await faultOf(open(at(NAME), srv))).code).toBe('HOST_UNKNOWN');
    names.silent = true;
    expect((await faultOf(open(at(NAME), srv, { ms: 500 }))).code).toBe('TIMEOUT');
    expect(names.asked).toContain(`_mongodb._tcp.${NAME}`);
  });

  describe('of a connection', () => {
    test.each([
      [{ tls: { mode: 'disable' } }, '/connection/tls/mode'],
      [{ host: '127.0.0.1' }, '/connection/host'],
      [{ others: ['m0.shop.example'] }, '/connection/others'],
    ])('exclude %j', (changes, pointer) => {
      let fault: unknown;
      try {
        validateConnection(mongodb, { type: 'mongodb', host: NAME, srv: true, ...changes });
      } catch (error) {
        fault = error;
      }
      expect((fault as AppError).details.errors?.map((one) => one.pointer)).toEqual([pointer]);
    });
  });
});
