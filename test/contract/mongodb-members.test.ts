import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { AppError } from '../../src/common/app-error.js';
import { mongodb } from '../../src/connectors/drivers/mongodb.js';
import { MongoDbDeployment } from '../doubles/mongodb-deployment.js';
import { freePort } from '../servers/server-process.js';
import { describeOn, servers } from '../support/servers.js';
import { until } from '../support/until.js';
import { anywhere, datasetsOf, discoverAll, faultOf, type Address } from './contract-source.js';
import { describeConnector } from './contract-suite.js';
import { deploymentBench, memberName } from './mongodb-bench.js';
import { mongodbSource } from './mongodb-fixture.js';

let secondary: MongoDbDeployment;
describeConnector(mongodb, {
  server: 'mongodb',
  double:
    'FerretDB behind members of a replica set, routers and servers that are too old, which rewrite its greetings and its errors, and take logins by certificates; names by a DNS server of the tests',
  unproven: {
    'replica sets and routers':
      'a double has the greetings and the errors of their members, by the description of the protocol: no MongoDB has answered.',
  },
  async setUp() {
    secondary = await MongoDbDeployment.start(await servers.mongodb(), ['secondary', 'primary']);
    const source = await mongodbSource(secondary.the('secondary'));
    const tearDown = async (): Promise<void> => {
      await source.tearDown();
      await secondary.stop();
    };
    return { ...source, tearDown };
  },
});

describeOn('mongodb', 'deployments of MongoDB', () => {
  const { start, startOne, open, read } = deploymentBench();

  describe('a replica set', () => {
    test.each(['primary', 'secondary'] as const)(
      'is read from the %s that the connection names',
      async (role) => {
        const set = await start(['primary', 'secondary', 'secondary']);
        const member = role === 'primary' ? set.the('primary') : set.members[1];
        if (!member) throw new Error('a set has members');
        const { shown, located } = await read(member);
        expect(shown).toMatchObject({ role, node: memberName(member) });
        expect(located).toEqual([member.port]);
        expect(member.reads).toContain('listDatabases');
        expect(
          new Set(member.heard.filter(({ preference }) => preference).map(({ preference }) => preference)),
        ).toEqual(new Set(['primaryPreferred']));
        for (const other of set.members) if (other !== member) expect(other.dials).toBe(0);
      },
    );

    test('is read from its primary, or from a secondary, where that is wanted', async () => {
      const set = await start(['primary', 'secondary']);
      const [primary, other] = [set.the('primary'), set.the('secondary')];
      const first = await read(other, { read_from: 'primary' });
      expect(first).toMatchObject({
        shown: { node: memberName(primary) },
        located: [other.port, primary.port],
      });
      expect(primary.heard.filter(({ preference }) => preference !== undefined)).toEqual([]);
      const second = await read(primary, { read_from: 'secondary' });
      expect(second).toMatchObject({
        shown: { node: memberName(other) },
        located: [primary.port, other.port],
      });
      await other.stop();
      expect((await read(primary, { read_from: 'secondary' })).shown).toMatchObject({ role: 'primary' });
    });

    test.each(['arbiter', 'hidden', 'recovering'] as const)(
      'is never read from a member that is %s',
      async (role) => {
        const set = await start([role, 'secondary', 'primary']);
        const member = set.the(role);
        expect((await read(member)).shown).toMatchObject({
          role: 'primary',
          node: memberName(set.the('primary')),
        });
        expect(member.reads).toEqual([]);
        expect(member.heard.map(({ name }) => name)).toEqual(['hello']);
      },
    );

    test.each([
      ['arbiter', 'UNREACHABLE'],
      ['hidden', 'UNREACHABLE'],
      ['recovering', 'BUSY'],
    ] as const)('of which only the %s is up is %s', async (role, code) => {
      const set = await start([role, 'primary']);
      await set.the('primary').stop();
      const fault = await faultOf(open(set.the(role)));
      expect([fault.code, fault.message]).toEqual([code, expect.stringContaining(memberName(set.the(role)))]);
    });

    test('whose other members the egress policy refuses is EGRESS_DENIED, and they are not dialled', async () => {
      const set = await start(['arbiter', 'primary']);
      const { port } = set.the('arbiter');
      const locate = (where: Address): Promise<Address> =>
        where.port === port ? anywhere(where) : Promise.reject(new AppError('EGRESS_DENIED', 'Not allowed.'));
      expect((await faultOf(open(set.the('arbiter'), {}, { locate }))).code).toBe('EGRESS_DENIED');
      expect(set.the('primary').dials).toBe(0);
    });

    test('gets a wrong password at one member, once', async () => {
      const set = await start(['primary', 'secondary']);
      const others = [memberName(set.the('secondary'))];
      const password = `wrong-${randomBytes(8).toString('hex')}`;
      expect((await faultOf(open(set.the('primary'), { others, password }))).code).toBe('AUTH_FAILED');
      expect(set.members.map(({ dials }) => dials)).toEqual([1, 0]);
    });
  });

  describe('a failover', () => {
    test('ends the session; the next one reads the new primary', async () => {
      const set = await start(['primary', 'secondary', 'secondary']);
      const [old, next] = set.members;
      if (!old || !next) throw new Error('a set has members');
      const changes = { read_from: 'primary', others: set.members.slice(1).map(memberName) };
      const session = await open(old, changes);
      await old.stop();
      await until(() => !session.usable, 'the session knows that it is lost');
      expect((await faultOf(discoverAll(session))).code).toBe('UNREACHABLE');
      old.role = 'recovering';
      // No one was elected yet: that passes by itself.
      const fault = await faultOf(open(next, changes));
      expect([fault.code, fault.blame]).toEqual(['BUSY', 'transient']);
      set.elect(next);
      expect((await read({ host: '127.0.0.1', port: await freePort() }, changes)).shown).toMatchObject({
        role: 'primary',
        node: memberName(next),
      });
    });

    test('leaves a session of the old primary that only reads the primary', async () => {
      const set = await start(['primary', 'secondary']);
      const [old, next] = [set.the('primary'), set.the('secondary')];
      const session = await open(old, { read_from: 'primary' });
      set.elect(next);
      expect((await faultOf(discoverAll(session))).code).toBe('UNREACHABLE');
      expect(session.usable).toBe(false);
      expect((await read(old, { read_from: 'primary' })).shown).toMatchObject({ node: memberName(next) });
    });

    test.each([91, 189, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436])(
      'that a member tells by %i in the middle of a run is UNREACHABLE, and the session is given up',
      async (code) => {
        const member = await startOne('primary');
        const session = await open(member);
        member.refuse = ({ listDatabases }) => (listDatabases === undefined ? undefined : code);
        expect((await faultOf(discoverAll(session))).code).toBe('UNREACHABLE');
        expect(session.usable).toBe(false);
      },
    );
  });

  describe('a sharded cluster', () => {
    test('is read through a router, the next one where the first is gone', async () => {
      const cluster = await start(['router', 'router']);
      const [first, second] = cluster.members;
      if (!first || !second) throw new Error('there are routers');
      const others = [memberName(second)];
      expect((await read(first, { others })).shown).toMatchObject({
        role: 'router',
        node: memberName(first),
      });
      expect(second.dials).toBe(0);
      await first.stop();
      expect((await read({ host: '127.0.0.1', port: await freePort() }, { others })).shown).toMatchObject({
        node: memberName(second),
      });
    });

    test.each([6, 7, 89, 133, 9_001])(
      'of which a shard is gone (%i) is partial: what it holds is not said to be nothing',
      async (code) => {
        const source = await mongodbSource();
        const router = await startOne('router');
        router.refuse = ({ aggregate, find }) => ([aggregate, find].includes('orders') ? code : undefined);
        const { username, password, database } = source.connection;
        const session = await open(router, { username, password, database });
        const events = await discoverAll(session);
        expect(session.usable).toBe(true);
        await session.close();
        await source.tearDown();
        const found = datasetsOf(events);
        expect(found.has(`${String(database)}.orders`)).toBe(false);
        expect(found.has(`${String(database)}.empty`)).toBe(true);
        expect(events.at(-1)).toMatchObject({
          event: 'scope_ended',
          status: 'partial',
          reason: expect.stringContaining('orders'),
        });
      },
    );
  });
});
