import type { Connection } from 'mysql2';
import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import { SilenceWatch, type Meter, type ReadStatement, type ServerInfo } from '../../spi/index.js';
import { explained } from './codes.js';

/** A row as mysql2 gives it: numbers that fit are numbers, all else is text. */
export type Row = readonly (string | number | null)[];

/** The server cancels a statement after this time; see `SILENCE_MS` for a server that does not. */
export const STATEMENT_S = 300;
/** No byte for so long while an answer is due: the server is frozen or the line is dead. */
const SILENCE_MS = (STATEMENT_S + 10) * 1_000;
/** Of a login, a ping, a setting. */
export const SHORT_ANSWER_BYTES = 1_000_000;
/** Of a view of the catalog: the columns of a schema of 100,000 tables fit twice. */
const ANSWER_BYTES = 256_000_000;
const ANSWER_ROWS = 4_000_000;
const GOODBYE_MS = 1_000;

/** What kind of server answers, whatever the type of the source says. */
export interface Flavor {
  readonly mariadb: boolean;
  readonly product: string;
  readonly version: string;
  /** Major, minor and patch as one number, such as 101119 for 10.11.19. */
  readonly number: number;
}

/** Reads `VERSION()` and `@@version_comment`, such as `10.11.19-MariaDB-0+deb12u1`, `8.0.36` or `8.0.11-TiDB-v7.5.0`. */
export function flavorOf(text: string, comment: string): Flavor {
  const mariadb = /mariadb/i.test(text);
  // MariaDB 10 may hide behind the version of the MySQL that it once replaced.
  const plain = mariadb ? text.replace(/^5\.5\.5-/, '') : text;
  const [, version = 'unknown', major = '0', minor = '0', patch = '0'] =
    /^((\d+)\.(\d+)\.(\d+))/.exec(plain) ?? [];
  const other = /tidb|percona|vitess|aurora/i.exec(`${text} ${comment}`)?.[0];
  return {
    mariadb,
    product: mariadb ? 'MariaDB' : other === undefined ? 'MySQL' : `MySQL (${other})`,
    version,
    number: Number(major) * 10_000 + Number(minor) * 100 + Number(patch),
  };
}

/** One connection. Statements run one after the other. */
export class MysqlLine implements SqlLine {
  flavor: Flavor = flavorOf('', '');
  private fault: Error | undefined;
  private readonly waiting = new Set<(fault: Error) => void>();
  private readonly silence: SilenceWatch;

  /**
   * @param connection logged in, rows as arrays.
   * @param database the one that the connection names; undefined for all.
   */
  constructor(
    private readonly connection: Connection,
    private readonly socket: Socket,
    private readonly meter: Meter,
    readonly database: string | undefined,
  ) {
    this.silence = new SilenceWatch(meter, SILENCE_MS, (fault) => this.drop(fault));
    connection.on('error', (error: Error) => this.lose(explained(error) as Error));
    socket.once('close', () => this.lose(new AppError('UNREACHABLE', 'The server closed the connection.')));
  }

  get server(): ServerInfo {
    return { product: this.flavor.product, version: this.flavor.version };
  }

  get usable(): boolean {
    return this.fault === undefined;
  }

  ping(): Promise<void> {
    return this.watched((done, fail) => {
      this.connection.ping((error) => (error ? fail(error) : done(undefined)));
    });
  }

  /** A statement without a result. */
  async run(sql: string): Promise<void> {
    await this.watched<undefined>((done, fail) => {
      this.connection.query(sql, (error) => (error ? fail(error) : done(undefined)));
    });
  }

  /** The rows of one statement, as they come in; its parameters travel beside it, never in its text. */
  async each(sql: string, values: readonly string[], take: (row: Row) => void): Promise<void> {
    let rows = 0;
    await this.watched<undefined>((done, fail) => {
      const options = { sql, values: [...values], rowsAsArray: true };
      const command = values.length > 0 ? this.connection.execute(options) : this.connection.query(options);
      command
        .on('result', (row: unknown) => {
          if (++rows > ANSWER_ROWS)
            this.drop(new AppError('PROTOCOL', 'The server sent far more than was asked for.'));
          else if (Array.isArray(row)) take(row as Row);
        })
        .on('error', fail)
        .on('end', () => done(undefined));
    }, ANSWER_BYTES);
  }

  async rows(sql: string, values: readonly string[] = []): Promise<readonly Row[]> {
    const found: Row[] = [];
    await this.each(sql, values, (row) => found.push(row));
    return found;
  }

  /** The rows of a statement of the product's own, each value as text. */
  async query({ text, values = [] }: ReadStatement): Promise<readonly (readonly (string | null)[])[]> {
    const rows = await this.rows(text, values);
    return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
  }

  destroy(): void {
    this.drop(new AppError('CANCELLED', 'The connection was dropped.'));
  }

  async close(): Promise<void> {
    if (this.usable)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GOODBYE_MS);
        this.socket.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        this.connection.end(() => undefined);
      });
    this.destroy();
  }

  private drop(fault: AppError): void {
    this.lose(fault);
    this.socket.destroy();
  }

  private lose(fault: Error): void {
    this.fault ??= fault;
    // mysql2 tells a lost line to the connection alone where a command has no callback.
    for (const fail of this.waiting) fail(this.fault);
  }

  private async watched<T>(
    start: (done: (value: T) => void, fail: (error: Error) => void) => void,
    bytes = SHORT_ANSWER_BYTES,
  ): Promise<T> {
    if (this.fault !== undefined) throw this.fault;
    this.meter.limit = bytes;
    this.silence.begin();
    let forget = (): void => undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.waiting.add(reject);
        forget = () => this.waiting.delete(reject);
        start(resolve, reject);
      });
    } catch (error) {
      // The reason why the line was dropped, not what mysql2 makes of a dropped line.
      throw this.reason() ?? explained(error);
    } finally {
      forget();
      this.silence.end();
    }
  }

  /** Read anew: it changes while we wait. */
  private reason(): Error | undefined {
    return this.fault;
  }
}
