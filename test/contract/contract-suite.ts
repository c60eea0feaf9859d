import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AppError } from '../../src/common/app-error.js';
import { withDeadline } from '../../src/common/deadline.js';
import {
  CAPABILITIES,
  secretFields,
  validateConnection,
  valueAt,
  type OpenStep,
  type ServerInfo,
  type Session,
} from '../../src/connectors/spi/index.js';
import { describeOn } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { discoveryContract } from './contract-discovery.js';
import { networkContract } from './contract-faults.js';
import {
  anywhere,
  faultOf,
  leaksIn,
  openSession,
  reaching,
  remember,
  type Bench,
  type ContractFixture,
  type Discoverable,
} from './contract-source.js';
import { specContract } from './contract-spec.js';
import { recordProof } from './proof.js';

export type { ContractFixture, ContractSource } from './contract-source.js';

/**
 * What every connector must do, whatever its type: spec rules, a clean life of a session, discovery, and each fault of
 * the network with its code, within its deadline, without a socket left or a secret told.
 */
export function describeConnector(definition: Discoverable, fixture: ContractFixture): void {
  describeOn(fixture.server ?? [], `connector ${definition.type}`, () => {
    let bench: Bench | undefined;
    const atHand = (): Bench => {
      if (!bench) throw new Error('The source was not set up.');
      return bench;
    };
    const rejections: unknown[] = [];
    let answered: ServerInfo | undefined;
    const onRejection = (reason: unknown): void => void rejections.push(reason);

    beforeAll(async () => {
      process.on('unhandledRejection', onRejection);
      const source = await fixture.setUp();
      for (const path of secretFields(definition.spec)) {
        const value = valueAt(source.connection, path);
        if (typeof value === 'string') remember(value);
      }
      const proxy = source.network ? await TcpProxy.start(source.network.address) : undefined;
      bench = { fixture, definition, source, proxy };
    });
    afterAll(async () => {
      await bench?.proxy?.stop();
      await bench?.source.tearDown();
      await recordProof(definition, fixture, answered);
      process.off('unhandledRejection', onRejection);
    });
    beforeEach(() => bench?.proxy?.forget());
    afterEach(async () => {
      await until(() => (bench?.proxy?.open ?? 0) === 0, 'all sockets are closed');
      expect(rejections).toEqual([]);
    });

    if (fixture.versionOnly !== true) specContract(atHand);
    sessionContract(atHand, (server) => (answered = server));
    discoveryContract(atHand);
    networkContract(definition, fixture, atHand);
  });
}

function sessionContract(bench: () => Bench, answeredBy: (server: ServerInfo) => void): void {
  const open = (onStep?: (step: OpenStep, detail: unknown) => void) => {
    const { definition, source, proxy } = bench();
    const { root, network } = source;
    return openSession(definition, source.connection, {
      ...(network && proxy ? reaching(network, proxy.address) : {}),
      root,
      ...(onStep ? { onStep } : {}),
    });
  };

  describe('a session', () => {
    test('opens, says who answered, answers a ping and closes for good', async () => {
      const { proxy } = bench();
      const session = await open();
      answeredBy(session.server);
      expect(session.server.product).toMatch(/\S/);
      expect(session.server.version).toMatch(/\S/);
      expect(session.usable).toBe(true);
      await session.ping(AbortSignal.timeout(10_000));
      await session.close();
      await session.close();
      if (proxy) {
        expect(session.usable).toBe(false);
        expect(proxy.dials).toBe(1);
      }
    });

    test('offers each facet that it promised, and no other', async () => {
      const session = await open();
      const offered = Object.keys(session).filter((key) => (CAPABILITIES as readonly string[]).includes(key));
      expect(offered.sort()).toEqual([...bench().definition.capabilities].sort());
      await session.close();
    });

    test('reads rows by a statement, where it offers that', async () => {
      const session = await open();
      const { query } = session as Partial<Session<'query'>>;
      const rows = await query?.query({ text: 'SELECT 1', name: 'one' }, AbortSignal.timeout(10_000));
      expect(rows).toEqual(bench().definition.capabilities.includes('query') ? [['1']] : undefined);
      await session.close();
    });

    test('tells its steps in order and no secret with them', async () => {
      const told: [OpenStep, unknown][] = [];
      const session = await open((step, detail) => void told.push([step, detail]));
      await session.close();
      const order: readonly OpenStep[] = ['tcp', 'tls', 'auth', 'database'];
      const places = told.map(([step]) => order.indexOf(step));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(leaksIn(told)).toEqual([]);
      if (bench().proxy) {
        expect(told.map(([step]) => step)).toContain('auth');
        expect(told[0]).toEqual(['tcp', { egress_ip: '127.0.0.1' }]);
      }
    });

    test('is not opened for a caller who left', async () => {
      const { definition, source, proxy } = bench();
      const left = new AppError('CANCELLED', 'left');
      const config = validateConnection(definition, source.connection);
      const context = {
        signal: AbortSignal.abort(left),
        locate: anywhere,
        ...(source.root === undefined ? {} : { root: source.root }),
      };
      const { network } = source;
      const way = network && proxy ? reaching(network, proxy.address) : {};
      const fault = await faultOf(definition.open(config, { ...context, ...way }));
      expect(fault.code).toBe('CANCELLED');
      if (proxy) expect(proxy.dials).toBe(0);
    });

    test('serves several pings at once where it is shared', async () => {
      const session = await open();
      const count = bench().definition.concurrency === 'shared' ? 5 : 1;
      await Promise.all(
        Array.from({ length: count }, () =>
          withDeadline(10_000, undefined, (signal) => session.ping(signal)),
        ),
      );
      await session.close();
    });

    test('is refused a ping of a caller who left', async () => {
      const session = await open();
      const fault = await faultOf(session.ping(AbortSignal.abort(new AppError('CANCELLED', 'left'))));
      expect(fault.code).toBe('CANCELLED');
      await session.close();
    });
  });
}
