import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../src/common/app-error.js';
import { withDeadline } from '../../src/common/deadline.js';
import { validateConnection, type Session } from '../../src/connectors/spi/index.js';
import { freePort } from '../servers/server-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import {
  choosesHost,
  discoverAll,
  EVERYTHING,
  faultOf,
  moved,
  openSession,
  reaching,
  remember,
  type Address,
  type Connection,
  type ContractFixture,
  type Discoverable,
  type NetworkSource,
  type Bench,
} from './contract-source.js';

const DEADLINE_MS = 600;

type AtHand = () => { proxy: TcpProxy; network: NetworkSource; connection: Connection };
type Open = (changes?: Connection, ms?: number) => Promise<Session<'discover'>>;

/** Each fault of the network and of the login, with its code; nothing to test where a source is a file. */
export function networkContract(
  definition: Discoverable,
  fixture: ContractFixture,
  bench: () => Bench,
): void {
  const { local = false, versionOnly = false, block, unproven = {} } = fixture;
  if (local || (!('host' in definition.spec.properties) && !definition.endpoint)) return;
  const atHand: AtHand = () => {
    const { proxy, source } = bench();
    if (!proxy || !source.network) throw new Error('A source with a host needs its network facts.');
    return { proxy, network: source.network, connection: source.connection };
  };
  const open: Open = (changes = {}, ms) => {
    const { proxy, network, connection } = atHand();
    const options = { ...reaching(network, proxy.address), ...(ms === undefined ? {} : { ms }) };
    return openSession(definition, { ...connection, ...changes }, options);
  };

  if (!versionOnly) lineFaults(definition, fixture, { atHand, open });

  describe('a fault of the login', () => {
    if (unproven.wrong_password) return;
    test('a wrong password is AUTH_FAILED, with one attempt', async () => {
      const { proxy, network } = atHand();
      if (!network.wrongPassword) throw new Error('A wrong password, or a reason in `unproven`.');
      remember(...Object.values(network.wrongPassword).filter((value) => typeof value === 'string'));
      const fault = await faultOf(open(network.wrongPassword));
      expect(fault.code).toBe('AUTH_FAILED');
      // None where a token server in front of it refuses already.
      expect(proxy.dials).toBeLessThanOrEqual(1);
    });

    test('a wrong database is DATABASE_NOT_FOUND', async () => {
      const { wrongDatabase } = atHand().network;
      if (!wrongDatabase) return;
      expect((await faultOf(open(wrongDatabase))).code).toBe('DATABASE_NOT_FOUND');
    });
  });

  if (!unproven.tls) tlsContract(definition, { block, unproven }, atHand);
}

/** What our side makes of lines that are lost, silent, frozen or slow. */
function lineFaults(
  definition: Discoverable,
  { stateless = false, block, unproven = {} }: ContractFixture,
  { atHand, open }: { readonly atHand: AtHand; readonly open: Open },
): void {
  /** The host of such a type cannot be changed at will: what it asks for is what it names as its endpoint. */
  const expectEndpoint = async (connection: Connection): Promise<void> => {
    const asked: Address[] = [];
    const locate = (where: Address): Promise<Address> => {
      asked.push(where);
      return Promise.reject(new AppError('HOST_UNKNOWN', 'The host name cannot be resolved.'));
    };
    expect((await faultOf(openSession(definition, connection, { locate }))).code).toBe('HOST_UNKNOWN');
    expect(asked).toEqual([definition.endpoint?.(validateConnection(definition, connection))]);
  };

  describe('a fault of the network', () => {
    test('a closed port is UNREACHABLE', async () => {
      const address = { host: '127.0.0.1', port: await freePort() };
      const { connection, network } = atHand();
      const fault = await faultOf(openSession(definition, connection, reaching(network, address)));
      expect(fault.code).toBe('UNREACHABLE');
    });

    if (!unproven.unknown_host)
      test('an unknown host is HOST_UNKNOWN', async () => {
        if (!choosesHost(definition, block)) return expectEndpoint(atHand().connection);
        const connection = moved(atHand().connection, block, { host: 'no-such-host.invalid' });
        expect((await faultOf(openSession(definition, connection))).code).toBe('HOST_UNKNOWN');
      });

    test('a port that accepts and is silent costs its deadline and no more', async () => {
      const { proxy } = atHand();
      proxy.mode = 'silent';
      await atDeadline(open({}, DEADLINE_MS));
      expect(proxy.dials).toBe(1);
      await until(() => proxy.open === 0, 'the socket is gone');
    });

    test('a port that resets is UNREACHABLE', async () => {
      atHand().proxy.mode = 'reset';
      expect((await faultOf(open())).code).toBe('UNREACHABLE');
    });

    test('a server that freezes after the login ends a ping and a discovery at their deadline', async () => {
      const { proxy } = atHand();
      for (const call of [ping, discover]) {
        proxy.forget();
        const session = await open();
        proxy.mode = 'frozen';
        await atDeadline(call(session, DEADLINE_MS));
        await until(() => proxy.open === 0, 'the socket is gone');
        if (stateless) {
          proxy.forget();
          await ping(session);
        } else expect(session.usable).toBe(false);
        await session.close();
      }
    });

    test('a server that drips its answer byte by byte ends a discovery at its deadline', async () => {
      const { proxy } = atHand();
      const session = await open();
      proxy.mode = 'drip';
      await atDeadline(discover(session, DEADLINE_MS));
      await until(() => proxy.open === 0, 'the socket is gone');
      await session.close();
    });

    test('a reset in the middle of a result is UNREACHABLE, and known', async () => {
      const { proxy } = atHand();
      const session = await open();
      proxy.resetAfterBytes(10);
      expect((await faultOf(discover(session))).code).toBe('UNREACHABLE');
      if (stateless) {
        proxy.forget();
        await ping(session);
      } else {
        await until(() => !session.usable, 'the session knows that it is lost');
        expect((await faultOf(ping(session))).code).toBe('UNREACHABLE');
      }
      await session.close();
    });

    test('a line that is lost while idle is noticed, or replaced', async () => {
      const { proxy } = atHand();
      const session = await open();
      proxy.mode = 'reset';
      if (stateless) {
        await until(() => proxy.open === 0, 'the idle socket is gone');
        proxy.forget();
        await ping(session);
      } else await until(() => !session.usable, 'the session knows that it is lost');
      await session.close();
    });

    test('slow lines are no fault', async () => {
      const { proxy } = atHand();
      proxy.latencyMs = 30;
      proxy.mode = 'latency';
      const session = await open();
      await ping(session);
      await session.close();
    });
  });
}

function tlsContract(
  definition: Discoverable,
  {
    block,
    unproven,
  }: { readonly block: string | undefined; readonly unproven: NonNullable<ContractFixture['unproven']> },
  atHand: () => { network: NetworkSource; connection: Connection },
): void {
  /** Whether the host is the user's choice, and with it the modes of TLS. */
  const free = choosesHost(definition, block);

  /** Opens through a proxy in front of the TLS address, and gives what went over the line. */
  const through = async (tls: Connection | undefined, host = 'localhost', address?: Address) => {
    const { connection, network } = atHand();
    const proxy = await TcpProxy.start(address ?? tlsOf(network).address);
    const changed = moved(connection, block, { ...(free ? { host } : {}), tls });
    const opened = openSession(definition, changed, reaching(network, proxy.address, tlsOf(network).entry));
    return { opened, proxy };
  };

  /** No fall-back: one dial, and neither the user name nor the password went over the line in clear. */
  const expectRefusal = async (
    tls: Connection | undefined,
    host?: string,
    address?: Address,
  ): Promise<void> => {
    const { opened, proxy } = await through(tls, host, address);
    expect((await faultOf(opened)).code).toBe('TLS_FAILED');
    await until(() => proxy.open === 0, 'the socket is gone');
    // A source whose token server is not trusted is not even dialled.
    expect(proxy.dials).toBeLessThanOrEqual(1);
    const { username, password } = atHand().connection;
    for (const secret of [username, password])
      if (typeof secret === 'string') expect(proxy.sent.includes(secret)).toBe(false);
    await proxy.stop();
  };

  const expectService = async (tls: Connection, host?: string): Promise<void> => {
    const { opened, proxy } = await through(tls, host);
    const session = await opened;
    await ping(session);
    await session.close();
    await until(() => proxy.open === 0, 'the socket is gone');
    const { password } = atHand().connection;
    if (typeof password === 'string') expect(proxy.sent.includes(password)).toBe(false);
    await proxy.stop();
  };

  describe('TLS', () => {
    test('works with the right authority and name', () => expectService({ ca: tlsOf(atHand().network).ca }));
    test('is what a connection without a TLS block wants: an unknown authority is TLS_FAILED', () =>
      expectRefusal(undefined));
    test('another authority is TLS_FAILED', () => expectRefusal({ ca: tlsOf(atHand().network).otherCa }));
    test('a text that is no certificate is TLS_FAILED', () =>
      expectRefusal({ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }));
    if (!free) {
      test('a wrong name is TLS_FAILED', () => {
        const { ca, misnamed } = tlsOf(atHand().network);
        if (!misnamed) throw new Error('A server with another name, or a reason in `unproven`.');
        return expectRefusal({ ca }, undefined, misnamed);
      });
      return;
    }
    test('works for an address in the certificate', () =>
      expectService({ ca: tlsOf(atHand().network).ca }, '127.0.0.1'));
    test('works with a name that is told', () =>
      expectService({ ca: tlsOf(atHand().network).ca, server_name: 'localhost' }, 'db.example.test'));
    test('another authority is TLS_FAILED for verify_ca too', () =>
      expectRefusal({ mode: 'verify_ca', ca: tlsOf(atHand().network).otherCa }));
    test('a wrong name is TLS_FAILED', () =>
      expectRefusal({ ca: tlsOf(atHand().network).ca }, 'db.example.test'));
    test('verify_ca does not look at the name', () =>
      expectService({ mode: 'verify_ca', ca: tlsOf(atHand().network).ca }, 'db.example.test'));
    if (unproven.tls_require) return;
    test('require encrypts without a check', () => expectService({ mode: 'require' }, 'db.example.test'));
  });
}

function tlsOf({ tls }: NetworkSource): NonNullable<NetworkSource['tls']> {
  if (!tls) throw new Error('Facts about TLS, or a reason in `unproven`.');
  return tls;
}

const ping = (session: Session<'discover'>, ms = 10_000): Promise<void> =>
  withDeadline(ms, undefined, (signal) => session.ping(signal));

const discover = (session: Session<'discover'>, ms?: number): Promise<unknown> =>
  discoverAll(session, EVERYTHING, ms);

/** TIMEOUT at the deadline: the bound above is generous, because other work runs on the machine. */
async function atDeadline(work: Promise<unknown>): Promise<void> {
  const from = performance.now();
  expect((await faultOf(work)).code).toBe('TIMEOUT');
  const took = performance.now() - from;
  expect(took).toBeGreaterThan(DEADLINE_MS * 0.9);
  expect(took).toBeLessThan(DEADLINE_MS * 1.1 + 1_000);
}
