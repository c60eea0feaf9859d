import { afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cassandra } from '../../src/connectors/drivers/cassandra.js';
import { discoverAll, faultOf, openSession, remember } from '../contract/contract-source.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';

const password = `canary-${randomBytes(12).toString('hex')}`;
remember(password);

const connection = {
  type: 'cassandra',
  host: 'localhost',
  username: 'someone',
  password,
  tls: { mode: 'disable' },
};

const short = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([short(Buffer.byteLength(value)), Buffer.from(value)]);
const bytes = (value: string): Buffer => Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

interface Said {
  readonly opcode: number;
  readonly body: Buffer;
}
const READY: Said = { opcode: 0x02, body: Buffer.alloc(0) };
const AUTHENTICATE: Said = { opcode: 0x03, body: text('org.apache.cassandra.auth.PasswordAuthenticator') };
const error = (code: number): Said => ({
  opcode: 0x00,
  body: Buffer.concat([int(code), text(`you sent ${password}`)]),
});
/** Rows of columns of text; `count` is what the answer claims. */
const rows = (
  columns: readonly string[],
  values: readonly (readonly string[])[],
  count = values.length,
): Said => ({
  opcode: 0x08,
  body: Buffer.concat([
    ...[int(2), int(1), int(columns.length), text('system'), text('local')],
    ...columns.flatMap((name) => [text(name), short(0x0d)]),
    int(count),
    ...values.flat().map(bytes),
  ]),
});
const LOCAL = rows(['release_version', 'cluster_name', 'schema_version'], [['5.0', 'rogue', 'v']]);

const frame = (request: Buffer, { opcode, body }: Said): Buffer =>
  Buffer.concat([Buffer.from([0x84, 0, request[2] ?? 0, request[3] ?? 0, opcode]), int(body.length), body]);

/** Answers each request by the first of `answers` whose text stands in it; without one, as a server of no logins. */
const answering = (answers: Readonly<Record<string, Said | Buffer>>) =>
  RogueServer.start((socket) => {
    let heard = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      while (heard.length >= 9 && heard.length >= 9 + heard.readInt32BE(5)) {
        const size = 9 + heard.readInt32BE(5);
        const request = heard.subarray(0, size);
        heard = heard.subarray(size);
        const known = Object.keys(answers).find((part) => request.includes(part));
        const usual = request.includes('CQL_VERSION') ? READY : LOCAL;
        const said = (known === undefined ? undefined : answers[known]) ?? usual;
        socket.write(Buffer.isBuffer(said) ? said : frame(request, said));
      }
    });
  });

describe('a rogue Cassandra server', () => {
  let rogue: RogueServer | undefined;
  afterEach(async () => {
    await until(() => rogue?.open === 0, 'the line is closed');
    await rogue?.stop();
  });
  const open = (changes: object = {}) =>
    openSession(cassandra, { ...connection, ...changes }, { address: rogue?.address, ms: 5_000 });

  test.each([
    [error(0x0100), 'AUTH_FAILED'],
    [error(0x1001), 'THROTTLED'],
    [error(0x1002), 'BUSY'],
    [error(0x2100), 'PERMISSION_DENIED'],
    [error(0x000a), 'PROTOCOL'],
    [error(0x7777), 'QUERY_FAILED'],
    [{ opcode: 0x0e, body: int(0) }, 'AUTH_FAILED'],
    [{ opcode: 0x00, body: Buffer.alloc(0) }, 'PROTOCOL'],
  ] as const)('that answers the login with %j is told apart: %s', async (answer, code) => {
    rogue = await answering({ CQL_VERSION: AUTHENTICATE, [password]: answer });
    expect((await faultOf(open())).code).toBe(code);
    expect(rogue.dials).toBe(1);
  });

  test.each([
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a frame of two gigabytes', Buffer.from([0x84, 0, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff])],
    ['a frame of a negative size', Buffer.from([0x84, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff])],
    ['a compressed frame', Buffer.from([0x84, 1, 0, 0, 2, 0, 0, 0, 0])],
    ['an event that nobody asked for', Buffer.from([0x84, 0, 0xff, 0xff, 0x0c, 0, 0, 0, 0])],
    ['an answer to nothing', Buffer.from([0x84, 0, 0, 9, 2, 0, 0, 0, 0])],
    ['a request', Buffer.from([0x04, 0, 0, 0, 1, 0, 0, 0, 0])],
    ['another version', Buffer.from([0x85, 0, 0, 0, 2, 0, 0, 0, 0])],
  ])('that answers with %s speaks another protocol, and hears no password', async (_, answer) => {
    rogue = await answering({ CQL_VERSION: answer });
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    expect(rogue.received.includes(password)).toBe(false);
  });

  test('that takes everybody hears no password', async () => {
    rogue = await answering({});
    const session = await open();
    await session.close();
    expect(rogue.received.includes(password)).toBe(false);
  });

  test('that wants a login of a connection without one is refused', async () => {
    rogue = await answering({ CQL_VERSION: AUTHENTICATE });
    const changes = { username: undefined, password: undefined };
    const plain = Object.fromEntries(
      Object.entries({ ...connection, ...changes }).filter(([, value]) => value),
    );
    const opened = openSession(cassandra, plain, { address: rogue.address });
    expect((await faultOf(opened)).code).toBe('AUTH_FAILED');
  });

  test.each([
    ['more rows than bytes', rows(['release_version'], [], 1_000_000)],
    ['more rows than were asked for', rows(['release_version'], Array<string[]>(3_000).fill(['']))],
    ['rows without columns', rows([], [], 2_000_000_000)],
    ['a negative number of rows', rows(['release_version'], [], -1)],
    ['half a value', { opcode: 0x08, body: LOCAL.body.subarray(0, LOCAL.body.length - 1) }],
    ['no result', READY],
    [
      'a type without end',
      {
        opcode: 0x08,
        body: Buffer.concat([
          ...[int(2), int(1), int(1), text('s'), text('t'), text('c')],
          ...Array<Buffer>(100_000).fill(short(0x20)),
        ]),
      },
    ],
  ])('that answers a query with %s is left', async (_, answer) => {
    rogue = await answering({ release_version: answer });
    expect((await faultOf(open())).code).toBe('PROTOCOL');
  });

  test('that sends an endless answer is left, and memory stays flat', async () => {
    rogue = await RogueServer.start((socket) => {
      socket.once('data', () => {
        const head = Buffer.from([0x84, 0, 0, 0, 2, 0x01, 0, 0, 0]);
        const chunk = Buffer.concat([head, Buffer.alloc(16 * 1024 * 1024)]);
        const more = (): void => {
          while (socket.writable && socket.write(chunk));
        };
        socket.on('drain', more);
        more();
      });
    });
    const before = process.memoryUsage().rss;
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });

  test('that gives pages for ever costs its deadline', async () => {
    const page = rows(['keyspace_name'], [['k']]);
    const flagged = Buffer.concat([int(2), int(3), int(1), bytes('more'), page.body.subarray(12)]);
    rogue = await answering({ 'system_schema.keyspaces': { opcode: 0x08, body: flagged } });
    const session = await open();
    expect((await faultOf(discoverAll(session, undefined, 500))).code).toBe('TIMEOUT');
    expect(session.usable).toBe(false);
    await session.close();
  });

  test('that refuses the facts of a keyspace makes it a failed one, never an empty one', async () => {
    rogue = await answering({
      'system_schema.keyspaces': rows(['keyspace_name'], [['closed']]),
      'system_schema.tables': error(0x2100),
      'system_schema.types': rows(['type_name'], []),
    });
    const session = await open();
    const events = await discoverAll(session);
    await session.close();
    expect(events.filter(({ event }) => event !== 'scope_started')).toEqual([
      expect.objectContaining({ scope: 'closed', status: 'failed', code: 'PERMISSION_DENIED' }),
    ]);
  });

  test('that talks nonsense never ends the process', async () => {
    rogue = await RogueServer.start((socket) => {
      socket.on('data', (request: Buffer) => {
        const body = randomBytes(40);
        const opcode = [0x00, 0x02, 0x03, 0x08, 0x0e, 0x10][Math.floor(Math.random() * 6)] ?? 0;
        socket.end(frame(request, { opcode, body: opcode === 0x08 ? Buffer.concat([int(2), body]) : body }));
      });
    });
    for (let round = 0; round < 300; round += 1) expect((await faultOf(open())).code).toMatch(/^[A-Z_]+$/);
  });
});
