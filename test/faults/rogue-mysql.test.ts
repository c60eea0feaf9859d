import { afterEach, describe, expect, test } from '@jest/globals';
import { constants, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import { AppError } from '../../src/common/app-error.js';
import { mysql } from '../../src/connectors/drivers/mysql.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import { faultOf, openSession, remember } from '../contract/contract-source.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';

const password = `canary-${randomBytes(12).toString('hex')}`;
remember(password);

const material = makeTlsMaterial();

const connection = {
  type: 'mysql',
  host: 'localhost',
  port: 3306,
  username: 'someone',
  password,
  tls: { mode: 'disable' },
};

const SSL = 0x0800;
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);

const packet = (sequence: number, body: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from([body.length & 0xff, (body.length >> 8) & 0xff, body.length >> 16, sequence]),
    body,
  ]);

/** The greeting of a MySQL 8 with this method of login. */
function greeting(method: string, flags = 0): Buffer {
  const capabilities = (0x000fa20d | 0x00080000 | flags) >>> 0;
  const lower = Buffer.alloc(2);
  lower.writeUInt16LE(capabilities & 0xffff);
  const upper = Buffer.alloc(2);
  upper.writeUInt16LE(capabilities >>> 16);
  return packet(
    0,
    Buffer.concat([
      Buffer.from('\n8.0.36\0'),
      Buffer.from([1, 0, 0, 0]),
      Buffer.from('12345678\0'),
      lower,
      Buffer.from([255, 2, 0]),
      upper,
      Buffer.from([21]),
      Buffer.alloc(10),
      Buffer.from('123456789012\0'),
      Buffer.from(`${method}\0`),
    ]),
  );
}

const switchTo = (method: string): Buffer =>
  Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${method}\0`), Buffer.from('12345678123456789012\0')]);

/** Calls `answer` with each whole packet of the client and its sequence number. */
function onPackets(socket: Socket, answer: (body: Buffer, sequence: number) => void): void {
  let held = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4) {
      const size = held.readUIntLE(0, 3);
      if (held.length < size + 4) return;
      const [body, sequence] = [held.subarray(4, size + 4), held[3] ?? 0];
      held = held.subarray(size + 4);
      answer(body, sequence);
    }
  });
}

describe('the spec of mysql', () => {
  test.each([
    'allowLoadLocalInfile',
    'ALLOWLOADLOCALINFILE',
    '%61llowLoadLocalInfile',
    'local_infile',
    'flags',
    'infileStreamFactory',
    'enableCleartextPlugin',
    'socketPath',
  ])('knows no %s (T20)', (name) => {
    const check = (): unknown => validateConnection(mysql, { ...connection, [name]: true });
    expect(check).toThrow(AppError);
    try {
      check();
    } catch (error) {
      expect((error as AppError).details.errors).toMatchObject([
        { pointer: `/connection/${name}`, code: 'unknown_field' },
      ]);
    }
  });
});

describe('a rogue MySQL server', () => {
  let rogue: RogueServer | undefined;
  afterEach(async () => {
    await until(() => rogue?.open === 0, 'the line is closed');
    await rogue?.stop();
  });

  const open = (changes: object = {}) =>
    openSession(mysql, { ...connection, ...changes }, { address: rogue?.address, ms: 5_000 });

  test('that offers its own RSA key for the password gets no password (T22)', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const answers: Buffer[] = [];
    rogue = await RogueServer.start((socket) => {
      socket.write(greeting('caching_sha2_password'));
      onPackets(socket, (body, sequence) => {
        answers.push(body);
        if (answers.length === 1) socket.write(packet(sequence + 1, switchTo('caching_sha2_password')));
        else if (body.length === 32) socket.write(packet(sequence + 1, Buffer.from([1, 4])));
        else if (body.length === 1)
          socket.write(packet(sequence + 1, Buffer.concat([Buffer.from([1]), Buffer.from(pem)])));
      });
    });
    expect((await faultOf(open())).code).toBe('TLS_FAILED');
    expect(answers.length).toBeGreaterThanOrEqual(2);
    for (const answer of answers) {
      expect(answer.includes(password)).toBe(false);
      expect(() =>
        privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING }, answer),
      ).toThrow();
    }
  });

  test.each(['sha256_password', 'mysql_clear_password'])(
    'that asks for the password by %s gets no byte of it (T23)',
    async (method) => {
      rogue = await RogueServer.start((socket) => {
        socket.write(greeting('mysql_native_password'));
        onPackets(socket, (_, sequence) => socket.write(packet(sequence + 1, switchTo(method))));
      });
      expect((await faultOf(open())).code).toBe('TLS_FAILED');
      expect(rogue.received.includes(password)).toBe(false);
    },
  );

  test.each([
    ['sha256_password', 'require', false],
    ['caching_sha2_password', 'require', false],
    // The other side of the coin: a server that is proven to be the right one may ask so.
    ['caching_sha2_password', 'verify_full', true],
  ])('that asks by %s over TLS in mode %s gets the password: %s', async (method, mode, told) => {
    const tls = { mode, ...(told ? { ca: material.ca } : {}) };
    const secret: Buffer[] = [];
    rogue = await RogueServer.start((socket) => {
      socket.write(greeting(method, SSL));
      socket.once('data', (chunk: Buffer) => {
        socket.removeAllListeners('data').pause();
        // What came behind the request for TLS is TLS already.
        if (chunk.length > 36) socket.unshift(chunk.subarray(36));
        const secured = new TLSSocket(socket, {
          isServer: true,
          secureContext: createSecureContext(material.server),
        });
        secured.on('error', () => undefined);
        onPackets(secured, (body, sequence) => {
          secret.push(body);
          if (told && secret.length > 1) secured.destroy();
          else if (told || body.length === 32) secured.write(packet(sequence + 1, Buffer.from([1, 4])));
          else secured.write(packet(sequence + 1, switchTo(method)));
        });
      });
    });
    expect((await faultOf(open({ tls }))).code).toBe(told ? 'UNREACHABLE' : 'TLS_FAILED');
    expect(secret.length).toBeGreaterThan(0);
    expect(Buffer.concat(secret).includes(password)).toBe(told);
  });

  test('that does not offer TLS is TLS_FAILED, and hears neither name nor password', async () => {
    rogue = await RogueServer.start((socket) => socket.write(greeting('mysql_native_password')));
    for (const mode of ['require', 'verify_ca', 'verify_full'])
      expect((await faultOf(open({ tls: { mode } }))).code).toBe('TLS_FAILED');
    expect(rogue.received.length).toBe(0);
  });

  test('that asks for a file of ours as the answer to a query gets nothing and loses the line (T21)', async () => {
    const asked = Buffer.concat([Buffer.from([0xfb]), Buffer.from('/etc/hostname')]);
    let loggedIn = false;
    const afterwards: Buffer[] = [];
    rogue = await RogueServer.start((socket) => {
      socket.write(greeting('mysql_native_password', 0x80));
      onPackets(socket, (body, sequence) => {
        if (!loggedIn) {
          loggedIn = true;
          // The flag CLIENT_LOCAL_FILES is not set by us.
          expect(body.readUInt32LE(0) & 0x80).toBe(0);
          socket.write(packet(sequence + 1, OK));
        } else if (afterwards.push(body) === 1) socket.write(packet(sequence + 1, asked));
      });
    });
    const from = Date.now();
    const fault = await faultOf(open());
    expect(fault.code).toBe('PROTOCOL');
    expect(Date.now() - from).toBeLessThan(5_000);
    // The one query, and no packet of a file.
    expect(afterwards).toHaveLength(1);
  });

  test('that accepts a login and then names a million columns is left, and memory stays flat (T115)', async () => {
    rogue = await RogueServer.start((socket) => {
      let step = 0;
      socket.write(greeting('mysql_native_password'));
      onPackets(socket, (_, sequence) => {
        step += 1;
        if (step <= 2) socket.write(packet(sequence + 1, OK));
        else socket.write(packet(1, Buffer.from([0xfd, 0xff, 0xff, 0xff])));
        if (step === 3) flood(socket, packet(2, Buffer.alloc(60_000, 1)));
      });
    });
    const before = process.memoryUsage().rss;
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });

  test('that talks nonsense never ends the process (T116)', async () => {
    const starts = [
      () => randomBytes(1 + Math.floor(Math.random() * 200)),
      () => packet(0, randomBytes(Math.floor(Math.random() * 100))),
      () => mutated(greeting('mysql_native_password')),
      () => Buffer.concat([greeting('mysql_native_password'), packet(2, randomBytes(30))]),
      () => Buffer.concat([greeting('mysql_native_password'), packet(2, OK), packet(1, mutated(OK))]),
      () =>
        Buffer.concat([
          greeting('caching_sha2_password'),
          packet(2, mutated(switchTo('caching_sha2_password'))),
        ]),
      () =>
        packet(
          0,
          Buffer.concat([Buffer.from([0xff, 0x10, 0x04]), Buffer.from('#08004Too many connections')]),
        ),
      () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ];
    rogue = await RogueServer.start((socket) => {
      const start = starts[Math.floor(Math.random() * starts.length)] ?? starts[0];
      socket.end(start?.() ?? '');
    });
    for (let round = 0; round < 400; round += 1) expect((await faultOf(open())).code).toMatch(/^[A-Z_]+$/);
  });
});

function flood(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

function mutated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let change = 0; change < 3; change += 1)
    copy[Math.floor(Math.random() * copy.length)] = Math.floor(Math.random() * 256);
  return copy;
}
