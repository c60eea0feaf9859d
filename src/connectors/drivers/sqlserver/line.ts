import type { Connection, Request, TYPES } from 'tedious';
import { AppError } from '../../../common/app-error.js';
import { PendingAnswers, SHORT_ANSWER_BYTES } from '../../families/sql/pending-answers.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import type { Meter, ServerInfo } from '../../spi/index.js';
import { explained } from './codes.js';
import { flavorOf, type Flavor } from './flavor.js';
import type { Wire } from './wire.js';

/** A row as tedious gives it: integers of 64 bits and decimals are text or numbers, whatever fits. */
export type Row = readonly (string | number | boolean | null)[];

/** A statement and its parameters, all of them texts or whole numbers. */
export interface Statement {
  readonly sql: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** No byte for so long while an answer is due: the server is frozen or the line is dead. */
const SILENCE_MS = 310_000;
const ANSWER_BYTES = 256_000_000;
const ANSWER_ROWS = 4_000_000;

export interface LineParts {
  readonly connection: Connection;
  readonly tedious: { readonly Request: typeof Request; readonly TYPES: typeof TYPES };
  readonly wire: Pick<Wire, 'stream' | 'destroy'>;
  readonly meter: Meter;
}

/** One connection. Statements run one after the other. */
export class TdsLine implements SqlLine {
  flavor: Flavor = flavorOf('', '');
  private readonly answers: PendingAnswers;

  constructor(private readonly parts: LineParts) {
    const { connection, wire, meter } = parts;
    const { stream } = wire;
    this.answers = new PendingAnswers(meter, SILENCE_MS, (fault) => wire.destroy(fault));
    connection.on('error', (error) => this.answers.lose(explained(error)));
    stream.once('error', (error) => this.answers.lose(explained(error)));
    stream.once('close', () =>
      this.answers.lose(new AppError('UNREACHABLE', 'The server closed the connection.')),
    );
  }

  get server(): ServerInfo {
    return { product: this.flavor.product, version: this.flavor.version };
  }

  get usable(): boolean {
    return this.answers.lost === undefined;
  }

  /** Ends the line for a fault of the protocol. */
  refuse(fault: AppError): void {
    this.answers.end(fault);
  }

  async ping(): Promise<void> {
    await this.run('SELECT 1');
  }

  /** A batch whose rows are of no interest. */
  async run(sql: string): Promise<void> {
    await this.answers.of(() => this.ask({ sql, values: {} }, () => undefined));
  }

  /** The rows of one statement, as they come in; its parameters travel beside it, never in its text. */
  async each(statement: Statement, take: (row: Row) => void, bytes = ANSWER_BYTES): Promise<void> {
    let rows = 0;
    await this.answers.of(
      () =>
        this.ask(statement, (row) => {
          if (++rows > ANSWER_ROWS)
            this.refuse(new AppError('PROTOCOL', 'The server sent far more than was asked for.'));
          else take(row);
        }),
      bytes,
    );
  }

  async rows(statement: Statement): Promise<readonly Row[]> {
    const found: Row[] = [];
    await this.each(statement, (row) => found.push(row));
    return found;
  }

  /** The first row of a short statement without parameters. */
  async first(sql: string): Promise<Row> {
    let first: Row | undefined;
    await this.each({ sql, values: {} }, (row) => (first ??= row), SHORT_ANSWER_BYTES);
    return first ?? [];
  }

  destroy(): void {
    this.answers.end(new AppError('CANCELLED', 'The connection was dropped.'));
  }

  close(): Promise<void> {
    // There is no goodbye in TDS.
    this.destroy();
    return Promise.resolve();
  }

  private ask({ sql, values }: Statement, take: (row: Row) => void): Promise<void> {
    const { connection, tedious } = this.parts;
    return new Promise((resolve, reject) => {
      const request = new tedious.Request(sql, (error) => {
        if (error) reject(explained(error));
        else resolve();
      });
      for (const [name, value] of Object.entries(values))
        request.addParameter(
          name,
          typeof value === 'number' ? tedious.TYPES.Int : tedious.TYPES.NVarChar,
          value,
        );
      request.on('row', (columns: readonly { value: unknown }[]) =>
        take(columns.map(({ value }) => plain(value))),
      );
      if (Object.keys(values).length > 0) connection.execSql(request);
      else connection.execSqlBatch(request);
    });
  }
}

/** No statement of ours asks for anything else than texts, numbers and truth. */
function plain(value: unknown): Row[number] {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
