import { afterEach, describe, expect, test } from '@jest/globals';
import { Binary, Long } from 'bson';
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { mongodb } from '../../src/connectors/drivers/mongodb.js';
import { FrameBuffer } from '../../src/connectors/families/frame-buffer.js';
import {
  discoverAll,
  faultOf,
  openSession,
  remember,
  type Address,
  type Connection,
  type OpenOptions,
} from '../contract/contract-source.js';
import { documentIn, messageOf, sizeOf, type Document } from '../doubles/mongodb-messages.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';

const password = `canary-${randomBytes(12).toString('hex')}`;
remember(password);

const HELLO: Document = { maxWireVersion: 21, isWritablePrimary: true, setName: 'rs0', ok: 1 };
const binary = (text: string): Binary => new Binary(Buffer.from(text));
const textIn = (payload: unknown): string => Buffer.from((payload as Binary).value()).toString('utf8');

/** What a server of SCRAM-SHA-256 says; it may lie. */
interface Login {
  readonly rounds?: number;
  readonly nonce?: (client: string) => string;
  readonly knows?: string;
}

describe('a rogue MongoDB server', () => {
  let rogue: RogueServer | undefined;
  afterEach(async () => {
    await until(() => rogue?.open === 0, 'the line is closed');
    await rogue?.stop();
  });

  const login = { username: 'someone', password };
  const open = (changes: Connection = login, options: OpenOptions = {}) => {
    const { host = '', port = 0 } = rogue?.address ?? {};
    const connection = { type: 'mongodb', host, port, tls: { mode: 'disable' }, ...changes };
    return openSession(mongodb, connection, { ms: 5_000, ...options });
  };

  /** Answers each command with what the test says. */
  const answering = (answer: (command: Document, name: string) => Document) =>
    RogueServer.start((socket) => {
      const frames = new FrameBuffer(16, sizeOf);
      socket.on('data', (chunk: Buffer) => {
        for (const frame of frames.take(chunk)) {
          const command = documentIn(frame);
          const answered = answer(command, Object.keys(command)[0] ?? '');
          socket.write(messageOf(1, frame.readInt32LE(4), answered));
        }
      });
    });

  /** Logs in by SCRAM as the test says. */
  const scram = ({ rounds = 4_096, nonce = (client) => `${client}server`, knows = password }: Login) => {
    const salt = randomBytes(16);
    let begun = '';
    return answering(({ payload }, name) => {
      if (name === 'hello') return HELLO;
      if (name === 'saslStart') {
        const first = textIn(payload).slice(3);
        const challenge = `r=${nonce(first.replace(/^.*r=/, ''))},s=${salt.toString('base64')},i=${String(rounds)}`;
        begun = `${first},${challenge}`;
        return { conversationId: 1, payload: binary(challenge), done: false, ok: 1 };
      }
      if (name !== 'saslContinue') return { version: '8.0.0', ok: 1 };
      const salted = pbkdf2Sync(knows, salt, rounds, 32, 'sha256');
      const key = createHmac('sha256', salted).update('Server Key').digest();
      const signed = `${begun},${textIn(payload).replace(/,p=.*$/, '')}`;
      const proof = createHmac('sha256', key).update(signed).digest('base64');
      return { conversationId: 1, payload: binary(`v=${proof}`), done: true, ok: 1 };
    });
  };

  test('that knows the password is believed', async () => {
    rogue = await scram({});
    const session = await open();
    expect(session.server).toEqual({ product: 'MongoDB', version: '8.0.0' });
    await session.close();
  });

  test.each<[string, Login]>([
    ['does not know the password', { knows: 'another' }],
    ['asks for few rounds', { rounds: 1_000 }],
    ['asks for very many rounds', { rounds: 2_000_000_000 }],
    ['does not take up the nonce', { nonce: () => 'mine' }],
    ['adds nothing to the nonce', { nonce: (client) => client }],
  ])('that %s is PROTOCOL, and learns no password', async (_, login) => {
    rogue = await scram(login);
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    expect(rogue.received.includes(password)).toBe(false);
    const digest = createHash('md5').update(`someone:mongo:${password}`).digest('hex');
    expect(rogue.received.includes(digest)).toBe(false);
  });

  test.each(['disable', 'require'])(
    'is not even dialled for the password itself with TLS mode %s',
    async (mode) => {
      rogue = await answering(() => HELLO);
      const fault = await faultOf(open({ ...login, auth_mechanism: 'plain', tls: { mode } }));
      expect(fault.details.errors).toMatchObject([{ pointer: '/connection/tls/mode' }]);
      expect(rogue.dials).toBe(0);
    },
  );

  test('that leads from member to member is followed to its fiftieth and no further', async () => {
    let next = 0;
    rogue = await answering(() => ({
      maxWireVersion: 21,
      setName: 'rs0',
      arbiterOnly: true,
      hosts: Array.from({ length: 60 }, () => `m${String(++next)}.example.com:27017`),
      ok: 1,
    }));
    const { address } = rogue;
    const located = new Set<string>();
    const locate = (where: Address): Promise<Address> => {
      located.add(where.host);
      return Promise.resolve(address);
    };
    expect((await faultOf(open(login, { locate }))).code).toBe('UNREACHABLE');
    expect([rogue.dials, located.size]).toEqual([50, 50]);
    expect(rogue.received.includes('saslStart')).toBe(false);
  });

  test.each(['/var/run/mongodb.sock', 'a b', 'h:0', 'h:99999', 'u:p@h:1', ''])(
    'that leads to %j is PROTOCOL',
    async (name) => {
      rogue = await answering(() => ({
        maxWireVersion: 21,
        setName: 'rs0',
        arbiterOnly: true,
        hosts: [name],
        ok: 1,
      }));
      expect((await faultOf(open())).code).toBe('PROTOCOL');
    },
  );

  test('whose list never ends costs its deadline', async () => {
    const page = (batch: 'firstBatch' | 'nextBatch'): Document => ({
      cursor: { id: Long.fromNumber(7), ns: 'd.$cmd.listCollections', [batch]: [] },
      ok: 1,
    });
    rogue = await answering((_, name) => {
      if (name === 'hello') return HELLO;
      if (name === 'listDatabases') return { databases: [{ name: 'd' }], ok: 1 };
      if (name === 'listCollections') return page('firstBatch');
      return name === 'getMore' ? page('nextBatch') : { version: '8.0.0', ok: 1 };
    });
    const session = await open({});
    expect((await faultOf(discoverAll(session, undefined, 500))).code).toBe('TIMEOUT');
    await session.close();
  });

  test.each([
    ['a message of 2 GB', Buffer.from([0xff, 0xff, 0xff, 0x7f])],
    ['a message of less than nothing', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['an answer of HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('that begins %s is PROTOCOL', async (_, bytes) => {
    rogue = await RogueServer.start((socket) =>
      socket.once('data', () => socket.write(Buffer.concat([bytes, Buffer.alloc(64)]))),
    );
    expect((await faultOf(open())).code).toBe('PROTOCOL');
  });

  test('that talks nonsense never ends the process (T116)', async () => {
    rogue = await RogueServer.start((socket) => {
      const good = messageOf(1, 1, HELLO);
      socket.on('data', () => {
        const bytes = Buffer.from(good);
        for (let count = 1 + Math.floor(Math.random() * 4); count > 0; count -= 1)
          bytes[4 + Math.floor(Math.random() * (bytes.length - 4))] = Math.floor(Math.random() * 256);
        socket.end(Math.random() < 0.2 ? randomBytes(60) : bytes);
      });
    });
    for (let round = 0; round < 400; round += 1) expect((await faultOf(open())).code).toMatch(/^[A-Z_]+$/);
  }, 60_000);
});
