import type { Duplex } from 'node:stream';
import { AppError } from '../../../common/app-error.js';
import { PendingAnswers } from '../../families/sql/pending-answers.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import type { Meter, ServerInfo } from '../../spi/index.js';
import type { OracleConnection } from './client.js';
import { explained } from './codes.js';

/** A row as oracledb gives it. */
export type Row = readonly (string | number | null)[];

export interface Statement {
  readonly sql: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** No byte for so long while an answer is due: the server is frozen or the line is dead. */
const SILENCE_MS = 310_000;
const ANSWER_BYTES = 256_000_000;
const ANSWER_ROWS = 4_000_000;
/** Rows of one round trip; the driver asks for 100 unless told. */
const FETCH_ROWS = 1_000;
const GOODBYE_MS = 1_000;

/** One connection. Statements run one after the other. */
export class OracleLine implements SqlLine {
  readonly server: ServerInfo;
  private readonly answers: PendingAnswers;

  constructor(
    private readonly connection: OracleConnection,
    private readonly stream: Duplex,
    meter: Meter,
  ) {
    this.server = { product: 'Oracle Database', version: connection.oracleServerVersionString };
    this.answers = new PendingAnswers(meter, SILENCE_MS, () => stream.destroy());
    stream.on('error', (error) => this.answers.lose(lossOf(error)));
    stream.once('close', () => this.answers.lose(lossOf()));
  }

  get usable(): boolean {
    return this.answers.lost === undefined;
  }

  async ping(): Promise<void> {
    await this.asked(() => this.connection.ping());
  }

  async run(sql: string): Promise<void> {
    await this.asked(() => this.connection.execute(sql, {}, options));
  }

  /** The rows of one statement; its parameters travel beside it, never in its text. */
  async rows({ sql, values }: Statement): Promise<readonly Row[]> {
    const { rows = [] } = await this.asked(() => this.connection.execute(sql, values, options), ANSWER_BYTES);
    return rows.map((row) => row.map(plain));
  }

  /** Ends a transaction; a line that cannot is of no use any more. */
  async rollback(): Promise<void> {
    if (this.usable) await this.asked(() => this.connection.rollback()).catch(() => this.destroy());
  }

  destroy(): void {
    this.answers.end(new AppError('CANCELLED', 'The connection was dropped.'));
  }

  async close(): Promise<void> {
    if (this.usable)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GOODBYE_MS);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        this.connection.close().then(done, done);
      });
    this.destroy();
  }

  private asked<T>(ask: () => Promise<T>, bytes?: number): Promise<T> {
    return this.answers.of(async () => {
      try {
        return await ask();
      } catch (error) {
        throw explained(error);
      }
    }, bytes);
  }
}

const options = { fetchArraySize: FETCH_ROWS, prefetchRows: FETCH_ROWS, maxRows: ANSWER_ROWS };

function lossOf(error?: Error): AppError {
  if (error instanceof AppError) return error;
  return new AppError('UNREACHABLE', 'The server closed the connection.');
}

/** No statement of ours asks for anything else than texts and numbers. */
function plain(value: unknown): Row[number] {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
