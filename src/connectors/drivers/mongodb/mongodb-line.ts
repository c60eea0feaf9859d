import { AppError } from '../../../common/app-error.js';
import { nameOf } from '../../families/named-address.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import { expectOk, isGoing } from './codes.js';
import { logIn } from './login.js';
import { findMember, type Member } from './members.js';
import type { MongoDbConfig } from './mongodb-spec.js';
import { STATEMENT_MS, type Document } from './wire.js';

/** Modes of the read preference. The primary alone is what a server takes where it is told nothing. */
const PREFERENCES = { any: 'primaryPreferred', primary: undefined, secondary: 'secondaryPreferred' } as const;

/**
 * One connection to one member of a deployment: a single server, a member of a replica set or a router; each of them has the
 * whole catalog. A member that goes, or changes its role so that it cannot be read, ends the line: the next one finds
 * another member.
 */
export class MongoDbLine implements RecordsLine {
  server: ServerInfo = { product: 'MongoDB', version: 'unknown' };
  /** Sent with each read; a member of a set refuses reads that do not say that it will do. */
  private readonly preference: Document;

  private constructor(
    private readonly member: Member,
    readonly config: MongoDbConfig,
  ) {
    const mode = PREFERENCES[config.read_from ?? 'any'];
    const told = mode !== undefined && member.greeting.role !== 'single server';
    this.preference = told ? { $readPreference: { mode } } : {};
  }

  static async open(config: MongoDbConfig, context: OpenContext): Promise<MongoDbLine> {
    const bson = await import('bson');
    const member = await findMember(config, context, bson);
    const line = new MongoDbLine(member, config);
    const drop = (): void => line.destroy();
    context.signal.addEventListener('abort', drop, { once: true });
    try {
      context.signal.throwIfAborted();
      const method = await logIn(member, config, bson);
      context.done?.('auth', { method });
      await line.identify();
      const { role } = member.greeting;
      context.done?.('database', { version: line.server.version, role, node: nameOf(member.where) });
      return line;
    } catch (error) {
      line.destroy();
      throw error;
    } finally {
      context.signal.removeEventListener('abort', drop);
    }
  }

  get usable(): boolean {
    return this.member.wire.usable;
  }

  async ping(): Promise<void> {
    await this.run('admin', { ping: 1 });
  }

  /** Runs a command that only reads, with a limit of time on the server. @throws AppError */
  run(database: string, command: Document): Promise<Document> {
    return this.ask(database, { ...command, ...this.preference, maxTimeMS: STATEMENT_MS });
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
        batch = cursorOf(await this.ask(database, more), 'nextBatch');
      }
    } finally {
      if (isOpen(batch.id) && this.usable)
        this.member.wire
          .command(database, { killCursors: batch.collection, cursors: [batch.id] })
          .catch(() => undefined);
    }
  }

  destroy(): void {
    this.member.wire.drop(new AppError('CANCELLED', 'The connection was dropped.'));
  }

  close(): Promise<void> {
    this.member.socket.end();
    this.destroy();
    return Promise.resolve();
  }

  private async ask(database: string, command: Document): Promise<Document> {
    const { wire } = this.member;
    const answer = await wire.command(database, command);
    try {
      return expectOk(answer);
    } catch (error) {
      if (isGoing(answer)) wire.drop(error as AppError);
      throw error;
    }
  }

  private async identify(): Promise<void> {
    const info = await this.run('admin', { buildInfo: 1 });
    const isFerret = typeof info.ferretdb === 'object' || typeof info.ferretdbVersion === 'string';
    const ferret = (info.ferretdb as { version?: unknown } | undefined)?.version ?? info.ferretdbVersion;
    this.server = {
      product: isFerret ? 'FerretDB' : 'MongoDB',
      version: String(isFerret ? ferret : info.version).slice(0, 100),
    };
  }
}

/** A 64-bit number of BSON, zero for a cursor that is at its end. */
const isOpen = (id: unknown): boolean => id !== undefined && Number(id) !== 0;

function cursorOf(answer: Document, batch: 'firstBatch' | 'nextBatch') {
  const cursor = answer.cursor as Document | undefined;
  if (!cursor || !Array.isArray(cursor[batch]))
    throw new AppError('PROTOCOL', 'The server answered without a cursor.');
  const collection = String(cursor.ns).replace(/^[^.]*\./, '');
  return { id: cursor.id, collection, documents: cursor[batch] as readonly Document[] };
}
