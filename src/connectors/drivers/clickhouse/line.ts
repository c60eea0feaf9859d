import { httpFault, HttpLine, httpServer, jsonOf, type HttpAnswer } from '../../families/http/http-line.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import { AppError } from '../../../common/app-error.js';
import { toConnectorError, type OpenContext, type ServerInfo } from '../../spi/index.js';
import { CLICKHOUSE_CODES } from './codes.js';
import type { ClickhouseConfig } from './spec.js';

/** A row of JSONCompact: numbers of 64 bits are text or numbers, by the version. */
export type Row = readonly unknown[];

/** A page of the catalog: the columns of a thousand wide tables fit. */
const ANSWER_BYTES = 128 * 1024 * 1024;
/** The server gives up then; a caller has usually left before. */
const STATEMENT_S = 300;

/** A login at the HTTP interface. Each statement stands alone, in the body of its own request. */
export class ClickhouseLine implements SqlLine {
  server: ServerInfo = { product: 'ClickHouse', version: 'unknown' };
  /** Settings that go along with each statement. An account that may only read may not even lower a limit. */
  private settings: Readonly<Record<string, string>> = {};

  private constructor(
    private readonly http: HttpLine,
    private readonly authorization: string,
    readonly database: string | undefined,
  ) {}

  /** Logs in and asks who answers. */
  static async connect(config: ClickhouseConfig, context: OpenContext): Promise<ClickhouseLine> {
    const { username, password = '', database } = config;
    const http = await HttpLine.over(httpServer(config), context);
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const line = new ClickhouseLine(http, `Basic ${basic}`, database);
    try {
      await line.introduce(context);
      return line;
    } catch (error) {
      http.destroy();
      throw error;
    }
  }

  get usable(): boolean {
    return this.http.usable;
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.rows('SELECT 1', signal);
  }

  /** The rows of one statement. */
  async rows(sql: string, signal: AbortSignal): Promise<readonly Row[]> {
    const query = new URLSearchParams({
      default_format: 'JSONCompact',
      // A fault in the middle of a result would otherwise come with the status 200.
      wait_end_of_query: '1',
      ...(this.database === undefined ? {} : { database: this.database }),
      ...this.settings,
    });
    const answer = await this.http.call({
      method: 'POST',
      path: `/?${query.toString()}`,
      headers: { authorization: this.authorization, 'content-type': 'text/plain; charset=utf-8' },
      body: sql,
      maxBytes: ANSWER_BYTES,
      signal,
    });
    if (answer.status !== 200) throw faultOf(answer);
    const { data } = jsonOf(answer) as { readonly data?: unknown };
    if (!Array.isArray(data)) throw new AppError('PROTOCOL', 'The answer is not one of ClickHouse.');
    return data as readonly Row[];
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async introduce({ signal, done }: OpenContext): Promise<void> {
    const [[version, readonly] = []] = await this.rows(
      "SELECT version(), (SELECT value FROM system.settings WHERE name = 'readonly')",
      signal,
    );
    this.server = { product: 'ClickHouse', version: String(version) };
    if (readonly !== '1') this.settings = { readonly: '2', max_execution_time: String(STATEMENT_S) };
    done?.('auth');
    done?.('database', this.database === undefined ? {} : { database: this.database });
  }
}

/** By ClickHouse's own number, which says more than the status; the text of the answer is left behind. */
function faultOf(answer: HttpAnswer): AppError {
  const code =
    answer.headers['x-clickhouse-exception-code'] ??
    /^Code: (\d+)[.,]/.exec(answer.body.toString('latin1', 0, 32))?.[1];
  return code === undefined ? httpFault(answer.status) : toConnectorError({ code }, CLICKHOUSE_CODES);
}
