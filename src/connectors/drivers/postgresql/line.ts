import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { AppError } from '../../../common/app-error.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import { SilenceWatch, type Meter, type ReadStatement, type ServerInfo } from '../../spi/index.js';
import { explained } from './codes.js';
import type { Ask, Row } from './raw-query.js';

/** The server cancels a statement after this time; see `SILENCE_MS` for a server that does not. */
export const STATEMENT_MS = 60_000;
/** No byte for so long while an answer is due: the server is frozen or the line is dead. */
const SILENCE_MS = STATEMENT_MS + 10_000;
/** Of one answer; the pages of the catalog stay far below it. */
const ANSWER_BYTES = 32 * 1024 * 1024;
const GOODBYE_MS = 1_000;

/** What a login leaves behind. */
export interface LoggedIn {
  /** In pipeline mode. */
  readonly client: Client;
  readonly socket: Socket;
  readonly meter: Meter;
  readonly ask: Ask;
  readonly server: ServerInfo;
  readonly versionNumber: number;
  readonly direct: boolean;
}

/** One connection to PostgreSQL, pipelined: statements that are given without waiting travel together. */
export class PgLine implements SqlLine {
  readonly server: ServerInfo;
  /** Such as 150018 for 15.18. */
  readonly versionNumber: number;
  /** No pooler lies between, which would hand a prepared statement on to other clients. */
  private readonly direct: boolean;
  private readonly client: Client;
  private readonly socket: Socket;
  private readonly ask: Ask;
  private fault: Error | undefined;
  private retired = false;
  private gathering = false;
  private readonly silence: SilenceWatch;

  constructor({ client, socket, meter, ask, server, versionNumber, direct }: LoggedIn) {
    this.client = client;
    this.socket = socket;
    this.silence = new SilenceWatch(meter, SILENCE_MS, (fault) => this.drop(fault));
    this.ask = ask;
    this.server = server;
    this.versionNumber = versionNumber;
    this.direct = direct;
    meter.limit = ANSWER_BYTES;
    client.on('error', (error) => (this.fault ??= explained(error) as Error));
    client.on('end', () => (this.fault ??= new AppError('UNREACHABLE', 'The server closed the connection.')));
  }

  get usable(): boolean {
    return this.fault === undefined && !this.retired;
  }

  /** An empty statement: the answer comes from the same place and takes the least to make and to read. */
  async ping(): Promise<void> {
    await this.run('');
  }

  /** The rows of one statement; its parameters go beside it. */
  rows(text: string, values: readonly string[] = []): Promise<readonly Row[]> {
    return this.watched(() => this.ask(this.client, { text, values }));
  }

  /** The same for a statement that is asked many times: it is planned once. Not through a pooler, see `direct`. */
  repeated(name: string, text: string, values: readonly string[]): Promise<readonly Row[]> {
    const statement = this.direct ? { name, text, values } : { text, values };
    return this.watched(() => this.ask(this.client, statement));
  }

  /** The rows of a statement of the product's own. */
  query({ text, values = [], name }: ReadStatement): Promise<readonly Row[]> {
    return name === undefined ? this.rows(text, values) : this.repeated(name, text, values);
  }

  /** Statements without a result, separated by semicolons. */
  async run(text: string): Promise<void> {
    await this.watched(() => this.client.query(text));
  }

  /** Not to be used by anyone after the caller, who may go on. */
  retire(): void {
    this.retired = true;
  }

  destroy(): void {
    this.drop(new AppError('CANCELLED', 'The connection was dropped.'));
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.socket.destroy(), GOODBYE_MS);
    try {
      if (this.fault === undefined) await this.client.end();
    } catch {
      // It is going away in any case.
    } finally {
      clearTimeout(timer);
      this.destroy();
    }
  }

  /** Read anew: it changes while we wait. */
  private lost(): Error | undefined {
    return this.fault;
  }

  private drop(fault: AppError): void {
    this.fault ??= fault;
    this.socket.destroy();
  }

  /** What several callers ask for in one turn of the event loop goes out as one packet. */
  private gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    this.socket.cork();
    process.nextTick(() => {
      this.gathering = false;
      this.socket.uncork();
    });
  }

  private async watched<T>(work: () => Promise<T>): Promise<T> {
    if (this.fault !== undefined) throw this.fault;
    this.silence.begin();
    this.gather();
    try {
      return await work();
    } catch (error) {
      // The reason why the line was dropped, not what pg makes of a dropped line.
      throw this.lost() ?? explained(error);
    } finally {
      this.silence.end();
    }
  }
}
