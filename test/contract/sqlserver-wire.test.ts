import { afterEach, describe, expect, test } from '@jest/globals';
import { Connection } from 'tedious';
import { azureSql } from '../../src/connectors/drivers/azure-sql.js';
import { sqlserver } from '../../src/connectors/drivers/sqlserver.js';
import { connectLine } from '../../src/connectors/drivers/sqlserver/login.js';
import { toConnectorError, type Address, type OpenContext } from '../../src/connectors/spi/index.js';
import type { TdsDouble, TdsDoubleOptions } from '../doubles/tds-server.js';
import { doneToken, packetSizeToken, resultTokens, routingToken } from '../doubles/tds-tokens.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';
import { discoverAll, faultOf, openSession, remember, type Connection as Given } from './contract-source.js';
import { answering, startDouble } from './sqlserver-fixture.js';

const material = makeTlsMaterial();
const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(more: Partial<TdsDoubleOptions> = {}, world = { edition: '3' }) {
  const found = await startDouble(world, more, material);
  running.push(found.double);
  remember(found.login.password);
  const connection: Given = {
    type: 'sqlserver',
    host: 'localhost',
    port: found.double.port,
    database: 'shop',
    ...found.login,
    tls: { ca: found.ca },
  };
  return { ...found, connection };
}

const signal = (): AbortSignal => AbortSignal.timeout(20_000);

/** The password as it stands in LOGIN7: its half bytes changed round and XORed. */
function mixed(password: string): Buffer {
  return Buffer.from(
    Buffer.from(password, 'utf16le').map((byte) => (((byte << 4) | (byte >> 4)) & 0xff) ^ 0xa5),
  );
}

/** Whether a client told who it is, in any way that TDS knows. */
function toldTo(double: TdsDouble, { username, password }: { username: string; password: string }): boolean {
  const heard = Buffer.concat(double.heard);
  return [Buffer.from(username, 'utf16le'), Buffer.from(password), mixed(password)].some((part) =>
    heard.includes(part),
  );
}

describe('the stand-in', () => {
  test.each([true, 'strict'] as const)(
    'is one that tedious itself logs in to, with encrypt: %s',
    async (encrypt) => {
      const { double, login, ca } = await start();
      const connection = new Connection({
        server: 'localhost',
        authentication: { type: 'default', options: { userName: login.username, password: login.password } },
        options: { port: double.port, database: 'shop', encrypt, cryptoCredentialsDetails: { ca } },
      });
      connection.on('error', () => undefined);
      await new Promise<void>((resolve, reject) => {
        connection.connect((error) => (error ? reject(error) : resolve()));
      });
      connection.close();
      expect(double.logins).toEqual([expect.objectContaining(login)]);
      expect(toldTo(double, login)).toBe(false);
    },
  );
});

describe('a login', () => {
  test.each(['not_supported'] as const)(
    'is never sent to a server that says that encryption is %s',
    async (encryption) => {
      const { double, login, connection } = await start({ encryption });
      for (const tls of [undefined, connection.tls, { mode: 'verify_ca' }, { mode: 'require' }]) {
        const fault = await faultOf(openSession(sqlserver, { ...connection, ...(tls ? { tls } : {}) }));
        expect([fault.code, fault.message]).toEqual([
          'TLS_FAILED',
          'The server offers no encryption; it was told no login.',
        ]);
      }
      expect(double.logins).toEqual([]);
      expect(toldTo(double, login)).toBe(false);
    },
  );

  test('is never sent to a server that would encrypt the login alone, nor to one that answers with nonsense', async () => {
    for (const encryption of [0, 4, 255]) {
      const answer = Buffer.from([4, 1, 0, 15, 0, 0, 1, 0, 1, 0, 6, 0, 1, 0xff, encryption]);
      const rogue = await RogueServer.start((socket) => socket.once('data', () => socket.write(answer)));
      running.push(rogue);
      const { connection } = await start();
      const fault = await faultOf(openSession(sqlserver, connection, { address: rogue.address }));
      expect(['TLS_FAILED', 'PROTOCOL']).toContain(fault.code);
      expect(rogue.received.length).toBeLessThan(100);
    }
  });

  test('in clear is not tried where the server takes encrypted ones only', async () => {
    const { double, login, connection } = await start({ encryption: 'required' });
    const fault = await faultOf(openSession(sqlserver, { ...connection, tls: { mode: 'disable' } }));
    expect(fault.code).toBe('TLS_FAILED');
    expect(toldTo(double, login)).toBe(false);
  });

  test('goes by TDS 8 too, and there a wrong authority is known before the first byte', async () => {
    const { double, login, otherCa, connection } = await start();
    const session = await openSession(sqlserver, { ...connection, tds_version: '8.0' });
    await session.ping(signal());
    await session.close();
    const fault = await faultOf(
      openSession(sqlserver, { ...connection, tds_version: '8.0', tls: { ca: otherCa } }),
    );
    expect(fault.code).toBe('TLS_FAILED');
    expect(double.logins).toHaveLength(1);
    expect(toldTo(double, login)).toBe(false);
  });

  test.each([
    [18_456, 'AUTH_FAILED'],
    [18_486, 'AUTH_FAILED'],
    [4_060, 'DATABASE_NOT_FOUND'],
    [40_615, 'PERMISSION_DENIED'],
    [40_613, 'UNREACHABLE'],
    [10_928, 'THROTTLED'],
  ])('that fails with %i is %s, after one try', async (number, code) => {
    const { double, connection } = await start({ refuse: () => number });
    expect((await faultOf(openSession(sqlserver, connection))).code).toBe(code);
    expect(double.logins).toHaveLength(1);
  });

  test('by an application sends the token that it was given, over TLS', async () => {
    const token = `eyJ0eXAi.${'x'.repeat(3_000)}.signature`;
    const { double, connection } = await start({
      refuse: ({ token: sent }) => (sent === token ? undefined : 18_456),
    });
    const config = {
      host: 'localhost',
      port: double.port,
      database: 'shop',
      auth: 'service_principal' as const,
      tenant_id: '11111111-2222-3333-4444-555555555555',
      client_id: '66666666-7777-8888-9999-000000000000',
      client_secret: 'secret-of-the-application',
      tls: connection.tls as { ca: string },
    };
    const context: OpenContext = { signal: signal(), locate: (where) => Promise.resolve(where) };
    const line = await connectLine(config, context, () => Promise.resolve(token));
    await line.ping();
    await line.close();
    expect(double.logins).toMatchObject([{ username: '', password: '', token }]);
    const refused = connectLine(config, context, () => Promise.resolve('another-token-of-no-use'));
    const fault = await faultOf(refused.catch((error: unknown) => Promise.reject(toConnectorError(error))));
    expect(fault.code).toBe('AUTH_FAILED');
  });
});

describe('a server that sends us on', () => {
  const azure = async (to: string, more: Given = {}) => {
    const second = await start();
    const first = await start({
      instead: (at) => (at === 'login' ? moveTo(to, second.double.port) : undefined),
    });
    const asked: Address[] = [];
    const opened = openSession(
      azureSql,
      {
        ...first.connection,
        type: 'azure_sql',
        host: 'shop.database.example.test',
        ...second.login,
        tls: { mode: 'verify_ca', ca: first.ca },
        ...more,
      },
      {
        address: first.double,
        locate: (where) => {
          asked.push(where);
          return Promise.resolve({ host: '127.0.0.1', port: where.port });
        },
      },
    );
    return { first, second, asked, opened };
  };
  const moveTo = (host: string, port: number): Buffer =>
    Buffer.concat([loginAck(), routingToken(host, port), doneToken()]);

  test('is followed once to a neighbour, by an address that was judged', async () => {
    const { second, asked, opened } = await azure('tr7.worker.database.example.test');
    const session = await opened;
    await session.ping(signal());
    await session.close();
    expect(asked).toEqual([{ host: 'tr7.worker.database.example.test', port: second.double.port }]);
    expect(second.double.logins).toHaveLength(1);
  });

  test.each(['evil.test', 'database.evil.test', '127.0.0.1', 'localhost'])(
    'is not followed to %s',
    async (host) => {
      const { second, asked, opened } = await azure(host);
      expect((await faultOf(opened)).code).toBe('PROTOCOL');
      expect(asked).toEqual([]);
      expect(second.double.logins).toEqual([]);
    },
  );

  test('is not followed where it is not proven who it is', async () => {
    const { asked, opened } = await azure('tr7.worker.database.example.test', { tls: { mode: 'require' } });
    expect((await faultOf(opened)).code).toBe('PROTOCOL');
    expect(asked).toEqual([]);
  });
});

function loginAck(): Buffer {
  const name = Buffer.from('SQL', 'utf16le');
  return Buffer.concat([
    Buffer.from([0xad, 10 + name.length, 0, 1, 0x74, 0, 0, 4, 3]),
    name,
    Buffer.from([16, 0, 0, 0]),
  ]);
}

describe('a server that says what no server says', () => {
  const BYTES: [string, Buffer][] = [
    ['an unknown token', Buffer.from([0x42, 1, 2, 3])],
    ['a token that does not belong here', Buffer.from([0xe3, 3, 0, 13, 0, 0])],
    ['half a token', Buffer.from([0xaa, 0xff, 0xff, 1, 2])],
    ['a packet size that never ends', Buffer.concat([packetSizeToken(8), doneToken()])],
    ['a packet size that is no number', Buffer.concat([packetSizeToken(Number.NaN), doneToken()])],
    ['a row without columns', Buffer.from([0xd1, 1, 2, 3])],
    ['a column of an unknown type', Buffer.from([0x81, 1, 0, 0, 0, 0, 0, 9, 0, 0x01, 0])],
    ['nothing', Buffer.alloc(0)],
  ];

  test.each(BYTES)('%s ends the login', async (_, bytes) => {
    const { connection, double } = await start({ instead: (to) => (to === 'login' ? bytes : undefined) });
    expect((await faultOf(openSession(sqlserver, connection, { ms: 2_000 }))).code).toMatch(
      /^(PROTOCOL|TIMEOUT)$/,
    );
    expect(double.logins).toHaveLength(1);
  });

  test.each(BYTES.filter(([name]) => name !== 'nothing'))(
    '%s ends a statement, and the line',
    async (_, bytes) => {
      let from = Infinity;
      const { connection } = await start({ instead: (_to, number) => (number >= from ? bytes : undefined) });
      const session = await openSession(sqlserver, connection);
      from = 0;
      expect((await faultOf(session.ping(signal()))).code).toBe('PROTOCOL');
      await until(() => !session.usable, 'the session knows that it is lost');
      expect((await faultOf(session.ping(signal()))).code).toBe('PROTOCOL');
      await session.close();
    },
  );

  test('a part of the rows is never taken for all of them', async () => {
    let cut = false;
    const rows = Array.from({ length: 50 }, (_, at) => [at]);
    const { connection } = await start({
      instead: () => (cut ? Buffer.concat([resultTokens(1, rows), Buffer.from([0x42])]) : undefined),
    });
    const session = await openSession(sqlserver, connection);
    cut = true;
    expect((await faultOf(discoverAll(session))).code).toBe('PROTOCOL');
    await session.close();
  });
});

describe('a server that refuses a part of its catalog', () => {
  test('ends the schemas as partial, with the reason, and is not asked again', async () => {
    const { connection, double } = await start({
      answer: answering({ edition: '3', refuses: { sizes: 300 } }),
    });
    const session = await openSession(sqlserver, connection);
    const events = await discoverAll(session);
    await session.close();
    expect(events.filter(({ event }) => event === 'scope_ended')).toEqual([
      {
        event: 'scope_ended',
        scope: 'hr',
        status: 'partial',
        code: 'PERMISSION_DENIED',
        reason: expect.any(String),
      },
      { event: 'scope_ended', scope: 'nobody', status: 'complete' },
      {
        event: 'scope_ended',
        scope: 'sales',
        status: 'partial',
        code: 'PERMISSION_DENIED',
        reason: expect.any(String),
      },
    ]);
    expect(events.filter(({ event }) => event === 'dataset').length).toBeGreaterThan(30);
    expect(double.requests.filter(({ sql }) => sql.includes('/* sizes */'))).toHaveLength(1);
  });

  test('fails the schema whose columns it hides, and no other', async () => {
    const { connection } = await start({
      answer: (request) =>
        request.sql.includes('/* columns */') && request.values.schema === 'hr'
          ? 229
          : answering({ edition: '3' })(request),
    });
    const session = await openSession(sqlserver, connection);
    const ends = (await discoverAll(session)).filter(({ event }) => event === 'scope_ended');
    await session.close();
    expect(ends).toMatchObject([
      { scope: 'hr', status: 'failed', code: 'PERMISSION_DENIED' },
      { scope: 'nobody', status: 'complete' },
      { scope: 'sales', status: 'complete' },
    ]);
  });

  test('a server before 2016 is not read', async () => {
    const { connection } = await start({ answer: answering({ edition: '3', version: '12.0.6024.0' }) });
    const session = await openSession(sqlserver, connection);
    expect((await faultOf(discoverAll(session))).code).toBe('UNSUPPORTED');
    await session.close();
  });
});
