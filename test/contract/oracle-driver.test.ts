import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../src/common/app-error.js';
import { oracle } from '../../src/connectors/drivers/oracle.js';
import { validateConnection, type Address } from '../../src/connectors/spi/index.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';
import { faultOf, openSession, remember } from './contract-source.js';

/** The real package, against listeners of ours: it never logs in here, but it dials, and is told things. */
const PASSWORD = 'pw-5e0c9d2f71aa';
remember(PASSWORD);
const tls = makeTlsMaterial();
const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const PACKET = { refuse: 4, redirect: 5 } as const;
function packet(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(8 + body.length);
  head[4] = type;
  return Buffer.concat([head, body]);
}
function refusal(code: number): Buffer {
  const text = Buffer.from(`(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=${String(code)}))`);
  return packet(PACKET.refuse, Buffer.concat([Buffer.from([0, 0, 0, text.length]), text]));
}
function redirect(host: string, port: number): Buffer {
  const text = Buffer.from(`(ADDRESS=(PROTOCOL=tcp)(HOST=${host})(PORT=${String(port)}))`);
  return packet(PACKET.redirect, Buffer.concat([Buffer.from([0, text.length]), text]));
}

async function listener(answer: Buffer): Promise<RogueServer> {
  const server = await RogueServer.start((socket) => socket.once('data', () => socket.write(answer)));
  running.push(server);
  return server;
}

async function tlsListener(answer: Buffer): Promise<Address> {
  const server = createTlsServer({ ...tls.server }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({ stop: () => new Promise<void>((resolve) => server.close(() => resolve())) });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const CONNECTION = {
  type: 'oracle',
  host: 'localhost',
  service_name: 'orclpdb1',
  username: 'reader',
  password: PASSWORD,
  tls: { mode: 'disable' },
};

const opened = (address: Address, more: object = {}, locate?: (where: Address) => Promise<Address>) =>
  openSession(oracle, { ...CONNECTION, ...more }, { address, ms: 5_000, ...(locate ? { locate } : {}) });

describe('oracledb', () => {
  test('dials the pinned address, and tells a listener nothing of this machine', async () => {
    const server = await listener(refusal(12_514));
    expect((await faultOf(opened(server.address, { host: 'db.example.test' }))).code).toBe(
      'DATABASE_NOT_FOUND',
    );
    expect(server.dials).toBe(1);
    const heard = server.received.toString('latin1');
    expect(heard).toContain('SERVICE_NAME=orclpdb1');
    expect(heard).toContain('datawave');
    for (const own of [process.execPath, process.env.USER ?? 'no user', PASSWORD])
      expect(heard).not.toContain(own);
    await until(() => server.open === 0, 'the socket is gone');
  });

  test.each([
    [12_514, 'DATABASE_NOT_FOUND'],
    [12_528, 'UNREACHABLE'],
  ])('a refusal by %i is %s', async (code, expected) => {
    const server = await listener(refusal(code));
    expect((await faultOf(opened(server.address))).code).toBe(expected);
  });

  test('goes where a listener sends it on to only by an address that was judged', async () => {
    const second = await listener(refusal(12_514));
    const first = await listener(redirect('127.0.0.1', second.address.port));
    const asked: Address[] = [];
    const locate = (where: Address): Promise<Address> => {
      asked.push(where);
      return Promise.resolve(where);
    };
    expect((await faultOf(opened(first.address, {}, locate))).code).toBe('DATABASE_NOT_FOUND');
    expect(asked).toEqual([second.address]);
    const denied = (): Promise<Address> => Promise.reject(new AppError('EGRESS_DENIED', 'no'));
    const dials = second.dials;
    expect((await faultOf(opened(first.address, {}, denied))).code).toBe('EGRESS_DENIED');
    expect(second.dials).toBe(dials);
  });

  test('is sent on for ever by nobody', async () => {
    const server: RogueServer = await RogueServer.start((socket) =>
      socket.once('data', () => socket.write(redirect('127.0.0.1', server.address.port))),
    );
    running.push(server);
    expect((await faultOf(opened(server.address))).code).toBe('PROTOCOL');
    expect(server.dials).toBeLessThan(5);
  });

  test('speaks TLS by our rules', async () => {
    const address = await tlsListener(refusal(12_514));
    const reached = async (more: object): Promise<string> => (await faultOf(opened(address, more))).code;
    expect(await reached({ tls: { ca: tls.ca } })).toBe('DATABASE_NOT_FOUND');
    expect(await reached({ tls: {}, wallet: tls.ca })).toBe('DATABASE_NOT_FOUND');
    expect(await reached({ tls: {}, wallet: `${tls.client.cert}${tls.client.key}${tls.ca}` })).toBe(
      'DATABASE_NOT_FOUND',
    );
    expect(await reached({ tls: { mode: 'require' } })).toBe('DATABASE_NOT_FOUND');
    expect(await reached({ tls: { mode: 'verify_ca', ca: tls.ca }, host: 'db.example.test' })).toBe(
      'DATABASE_NOT_FOUND',
    );
    expect(await reached({ tls: { ca: tls.ca }, host: 'db.example.test' })).toBe('TLS_FAILED');
    expect(await reached({ tls: { ca: tls.otherCa } })).toBe('TLS_FAILED');
    expect(await reached({ tls: undefined })).toBe('TLS_FAILED');
  });

  test('a server that talks nonsense ends nothing but the opening', async () => {
    for (const bytes of [
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
      Buffer.alloc(64),
      Buffer.alloc(64, 0xff),
    ]) {
      const server = await listener(bytes);
      const fault = await faultOf(openSession(oracle, CONNECTION, { address: server.address, ms: 1_500 }));
      expect(['PROTOCOL', 'UNREACHABLE', 'TIMEOUT', 'QUERY_FAILED']).toContain(fault.code);
      await until(() => server.open === 0, 'the socket is gone');
    }
  });

  test('a silent server costs its deadline', async () => {
    const server = await RogueServer.start(() => undefined);
    running.push(server);
    const fault = await faultOf(openSession(oracle, CONNECTION, { address: server.address, ms: 600 }));
    expect(fault.code).toBe('TIMEOUT');
    await until(() => server.open === 0, 'the socket is gone');
  });
});

describe('a connection of Oracle', () => {
  const refused = (more: object): readonly (string | undefined)[] => {
    try {
      validateConnection(oracle, { ...CONNECTION, ...more });
    } catch (error) {
      return (error as AppError).details.errors?.map(({ pointer }) => pointer) ?? [];
    }
    return [];
  };

  test.each([
    '(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=evil)(PORT=1)))',
    'orcl)(HOST=evil',
    'config-file:///etc/passwd',
    'ldap://evil/cn=orcl',
    'orcl?https_proxy=evil&https_proxy_port=1',
    'orcl?wallet_location=/etc',
    'orcl/evil',
    'orcl:evil',
    'a b',
    '',
  ])('takes %s for no service', (service_name) => {
    expect(refused({ service_name })).toContain('/connection/service_name');
  });

  test('has its wallet as text, by itself and for TLS', () => {
    expect(refused({ wallet: '/etc/passwd', tls: {} })).toEqual(['/connection/wallet']);
    expect(refused({ wallet: tls.ca })).toEqual(['/connection/wallet']);
    expect(refused({ wallet: tls.ca, tls: { ca: tls.ca } })).toEqual(['/connection/tls/ca']);
    expect(refused({ wallet: tls.ca, tls: {} })).toEqual([]);
  });
});
