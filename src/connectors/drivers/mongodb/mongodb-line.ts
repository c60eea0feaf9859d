import type { Binary } from 'bson';
import { resolveSrv } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import {
  elsewhere,
  normalizeHost,
  openSocket,
  secureSocket,
  tlsOptions,
  toConnectorError,
  type Address,
  type OpenContext,
  type ServerInfo,
} from '../../spi/index.js';
import { expectOk } from './codes.js';
import type { MongoDbConfig } from './mongodb-spec.js';
import { Scram } from './scram.js';
import { STATEMENT_MS, Wire, type Document } from './wire.js';

/** Wire version of MongoDB 4.4. */
const MIN_WIRE = 9;

type Bson = typeof import('bson');

/**
 * One connection to one member of a deployment: a single server, a member of a replica set or a router. All of them have
 * the whole catalog, so no other member is ever dialled because a server names it.
 */
export class MongoDbLine implements RecordsLine {
  server: ServerInfo = { product: 'MongoDB', version: 'unknown' };
  /** `replica set`, `router` or `single server`. */
  topology = 'single server';

  private constructor(
    private readonly wire: Wire,
    private readonly socket: Socket,
    readonly config: MongoDbConfig,
    readonly bson: Bson,
  ) {}

  static async open(config: MongoDbConfig, context: OpenContext): Promise<MongoDbLine> {
    const bson = await import('bson');
    const { socket, verified } = await dial(config, context);
    const line = new MongoDbLine(new Wire(socket, bson), socket, config, bson);
    const drop = (): void => line.destroy();
    context.signal.addEventListener('abort', drop, { once: true });
    try {
      context.signal.throwIfAborted();
      const hello = await line.hello();
      const method = await line.logIn(hello, verified);
      context.done?.('auth', { method });
      await line.identify(hello);
      context.done?.('database', { version: line.server.version, topology: line.topology });
      return line;
    } catch (error) {
      line.destroy();
      throw error;
    } finally {
      context.signal.removeEventListener('abort', drop);
    }
  }

  get usable(): boolean {
    return this.wire.usable;
  }

  async ping(): Promise<void> {
    await this.run('admin', { ping: 1 });
  }

  /** Runs a command that only reads, with a limit of time on the server. @throws AppError */
  async run(database: string, command: Document): Promise<Document> {
    return expectOk(await this.wire.command(database, { ...command, maxTimeMS: STATEMENT_MS }));
  }

  /** All documents of a command that answers with a cursor, batch by batch; a cursor that is left is closed. */
  async *cursor(database: string, command: Document): AsyncGenerator<readonly Document[]> {
    let batch = cursorOf(await this.run(database, command), 'firstBatch');
    try {
      while (batch.documents.length > 0 || isOpen(batch.id)) {
        yield batch.documents;
        if (!isOpen(batch.id)) return;
        // A further batch has no time of its own: the one of the command goes on.
        const more = { getMore: batch.id, collection: batch.collection };
        batch = cursorOf(expectOk(await this.wire.command(database, more)), 'nextBatch');
      }
    } finally {
      if (isOpen(batch.id) && this.usable)
        this.wire
          .command(database, { killCursors: batch.collection, cursors: [batch.id] })
          .catch(() => undefined);
    }
  }

  destroy(): void {
    this.wire.drop(new AppError('CANCELLED', 'The connection was dropped.'));
  }

  close(): Promise<void> {
    this.socket.end();
    this.destroy();
    return Promise.resolve();
  }

  private async hello(): Promise<Document> {
    const { username, auth_source: source = 'admin', auth_mechanism: mechanism } = this.config;
    const asks = username !== undefined && mechanism === undefined;
    const hello = expectOk(
      await this.wire.command('admin', {
        hello: 1,
        client: {
          driver: { name: 'datawave', version: '1' },
          os: { type: process.platform },
          application: { name: 'datawave' },
        },
        ...(asks ? { saslSupportedMechs: `${source}.${username}` } : {}),
      }),
    );
    if (Number(hello.maxWireVersion) < MIN_WIRE)
      throw new AppError('UNSUPPORTED', 'The server is older than MongoDB 4.4.');
    return hello;
  }

  /** @param verified the server was proven to be the right one. */
  private async logIn(hello: Document, verified: boolean): Promise<string> {
    const { username, password = '', auth_source: source = 'admin' } = this.config;
    const offered = hello.saslSupportedMechs;
    const strongest =
      Array.isArray(offered) && offered.includes('SCRAM-SHA-1') && !offered.includes('SCRAM-SHA-256')
        ? 'scram_sha_1'
        : 'scram_sha_256';
    const mechanism = this.config.auth_mechanism ?? (username === undefined ? undefined : strongest);
    if (mechanism === undefined) return 'none';
    if (mechanism === 'x509')
      expectOk(await this.wire.command('$external', { authenticate: 1, mechanism: 'MONGODB-X509' }));
    else if (mechanism === 'plain') await this.plainLogin(username ?? '', password, verified);
    else {
      const hash = mechanism === 'scram_sha_256' ? 'sha256' : 'sha1';
      await this.scramLogin(new Scram(hash, username ?? '', password), hash, source);
    }
    return mechanism;
  }

  private async scramLogin(scram: Scram, hash: 'sha256' | 'sha1', source: string): Promise<void> {
    const mechanism = hash === 'sha256' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-1';
    const started = expectOk(
      await this.wire.command(source, {
        saslStart: 1,
        mechanism,
        payload: this.binary(scram.begin()),
        options: { skipEmptyExchange: true },
      }),
    );
    const goOn = async (payload: string): Promise<Document> =>
      expectOk(
        await this.wire.command(source, {
          saslContinue: 1,
          conversationId: started.conversationId,
          payload: this.binary(payload),
        }),
      );
    const proven = await goOn(await scram.answer(textOf(started.payload)));
    scram.verify(textOf(proven.payload));
    // A server that does not know the option wants one more turn, with nothing in it.
    if (proven.done !== true) await goOn('');
  }

  private async plainLogin(username: string, password: string, verified: boolean): Promise<void> {
    if (!verified)
      throw new AppError(
        'TLS_FAILED',
        'The mechanism plain sends the password itself, over an unproven line.',
        {
          hint: 'Set tls.mode to "verify_full", or use SCRAM.',
        },
      );
    const payload = this.binary(`\0${username}\0${password}`);
    expectOk(await this.wire.command('$external', { saslStart: 1, mechanism: 'PLAIN', payload }));
  }

  private async identify(hello: Document): Promise<void> {
    const info = await this.run('admin', { buildInfo: 1 });
    const isFerret = typeof info.ferretdb === 'object' || typeof info.ferretdbVersion === 'string';
    const ferret = (info.ferretdb as { version?: unknown } | undefined)?.version ?? info.ferretdbVersion;
    this.server = {
      product: isFerret ? 'FerretDB' : 'MongoDB',
      version: String(isFerret ? ferret : info.version).slice(0, 100),
    };
    if (typeof hello.setName === 'string') this.topology = 'replica set';
    if (hello.msg === 'isdbgrid') this.topology = 'router';
  }

  private binary(text: string): Binary {
    return new this.bson.Binary(Buffer.from(text));
  }
}

/** Opens the line to the host, or to the first member of its SRV record that can be reached. */
async function dial(
  config: MongoDbConfig,
  context: OpenContext,
): Promise<{ socket: Socket; verified: boolean }> {
  const { host, port = 27_017, srv = false } = config;
  if (!srv) return secured(config, host, await openSocket({ host, port }, context), context);
  let last: unknown;
  for (const member of await membersOf(host)) {
    try {
      // Each member is resolved and judged by itself, whatever its record says.
      const socket = await openSocket(member, {
        ...elsewhere(context),
        ...(context.done ? { done: context.done } : {}),
      });
      return await secured(config, member.host, socket, context);
    } catch (error) {
      context.signal.throwIfAborted();
      last = error;
    }
  }
  throw toConnectorError(last, {}, 'UNREACHABLE');
}

async function secured(config: MongoDbConfig, host: string, socket: Socket, context: OpenContext) {
  const options = tlsOptions(host, config.tls);
  if (!options) return { socket, verified: false };
  const secure = await secureSocket(socket, options, context.signal);
  const verified = options.rejectUnauthorized !== false;
  context.done?.('tls', { protocol: secure.getProtocol() ?? 'unknown', verified });
  return { socket: secure, verified };
}

/** Members below the domain of the name, as the rule for seed lists wants it: others are not believed. */
async function membersOf(host: string): Promise<Address[]> {
  const name = normalizeHost(host);
  const domain = name.slice(name.indexOf('.'));
  const found = await resolveSrv(`_mongodb._tcp.${name}`).catch((error: unknown) => {
    throw toConnectorError(error, {}, 'HOST_UNKNOWN');
  });
  const members = found
    .map(({ name: member, port }) => ({ host: normalizeHost(member), port }))
    .filter(({ host: member }) => member.endsWith(domain));
  if (members.length === 0)
    throw new AppError('HOST_UNKNOWN', 'The SRV record names no member below its own domain.');
  return members;
}

const textOf = (payload: unknown): string => {
  const { buffer, position } = payload as { buffer?: Uint8Array; position?: number };
  if (!buffer) throw new AppError('PROTOCOL', 'The server does not take part in the login as it should.');
  return Buffer.from(buffer).subarray(0, position).toString('utf8');
};

/** A 64-bit number of BSON, zero for a cursor that is at its end. */
const isOpen = (id: unknown): boolean => id !== undefined && Number(id) !== 0;

function cursorOf(answer: Document, batch: 'firstBatch' | 'nextBatch') {
  const cursor = answer.cursor as Document | undefined;
  if (!cursor || !Array.isArray(cursor[batch]))
    throw new AppError('PROTOCOL', 'The server answered without a cursor.');
  const collection = String(cursor.ns).replace(/^[^.]*\./, '');
  return { id: cursor.id, collection, documents: cursor[batch] as readonly Document[] };
}
