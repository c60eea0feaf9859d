import { setTimeout as rest } from 'node:timers/promises';
import { AppError } from '../../../common/app-error.js';
import { httpFault, HttpLine, httpServer, jsonOf, type HttpAnswer } from '../../families/http/http-line.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import { toConnectorError, type OpenContext, type ServerInfo } from '../../spi/index.js';
import { TRINO_CODES } from './codes.js';
import type { TrinoConfig } from './spec.js';

export type Row = readonly unknown[];

/** One page of a result; the server makes them of about 1 MB. */
const PAGE_BYTES = 64 * 1024 * 1024;
/** A gateway that is busy for a moment is asked again after a while, as the protocol wants it. */
const TRIES = 4;
const PAUSE_MS = 100;
const CANCEL_MS = 1_000;

/** What is read of an answer of /v1/statement. */
interface Answer {
  readonly nextUri?: unknown;
  readonly data?: unknown;
  readonly error?: { readonly errorName?: unknown };
}

/** A login at a coordinator. A statement is sent once, and its result fetched page by page. */
export class TrinoLine implements SqlLine {
  server: ServerInfo = { product: 'Trino', version: 'unknown' };

  private constructor(
    private readonly http: HttpLine,
    private readonly headers: Readonly<Record<string, string>>,
    readonly catalog: string | undefined,
  ) {}

  /** Logs in, asks who answers and whether it has the catalog. */
  static async connect(config: TrinoConfig, context: OpenContext): Promise<TrinoLine> {
    const http = await HttpLine.over(httpServer(config), context);
    const line = new TrinoLine(http, headersOf(config), config.catalog);
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

  async rows(sql: string, signal: AbortSignal): Promise<readonly Row[]> {
    const found: Row[] = [];
    for await (const page of this.pages(sql, signal)) found.push(...page);
    return found;
  }

  /** The rows of one statement as they come. A caller that leaves early, or aborts, ends the statement. */
  async *pages(sql: string, signal: AbortSignal): AsyncGenerator<readonly Row[]> {
    let next: string | undefined;
    try {
      let answer = await this.ask({ method: 'POST', path: '/v1/statement', body: sql }, signal);
      for (;;) {
        next = answer.error ? undefined : nextPath(answer);
        if (answer.error) throw toConnectorError({ code: answer.error.errorName }, TRINO_CODES);
        if (Array.isArray(answer.data)) yield answer.data as readonly Row[];
        if (next === undefined) return;
        answer = await this.ask({ method: 'GET', path: next }, signal);
      }
    } finally {
      if (next !== undefined) this.cancel(next);
    }
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async introduce({ signal, done }: OpenContext): Promise<void> {
    const { catalog } = this;
    const [[version, found] = []] = await this.rows(
      `SELECT version(), (SELECT count(*) FROM system.metadata.catalogs${catalog === undefined ? '' : ` WHERE catalog_name = ${literal(catalog)}`})`,
      signal,
    );
    this.server = { product: 'Trino', version: String(version) };
    done?.('auth');
    if (catalog !== undefined && Number(found) === 0)
      throw new AppError('DATABASE_NOT_FOUND', 'The catalog does not exist on the source.');
    done?.('database', catalog === undefined ? {} : { catalog });
  }

  private async ask(
    call: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string },
    signal: AbortSignal,
  ): Promise<Answer> {
    for (let tried = 1; ; tried += 1) {
      const answer = await this.http.call({ ...call, headers: this.headers, signal, maxBytes: PAGE_BYTES });
      if (tried === TRIES || ![502, 503, 504].includes(answer.status)) return answerOf(answer);
      await rest(PAUSE_MS * tried, undefined, { signal });
    }
  }

  /** The server would keep the statement until it is tired of waiting. Whether it hears us does not matter. */
  private cancel(path: string): void {
    this.http
      .call({ method: 'DELETE', path, headers: this.headers, signal: AbortSignal.timeout(CANCEL_MS) })
      .catch(() => undefined);
  }
}

function answerOf(answer: HttpAnswer): Answer {
  if (answer.status !== 200) throw httpFault(answer.status);
  const read = jsonOf(answer) as (Answer & { readonly id?: unknown }) | null;
  if (typeof read?.id !== 'string') throw new AppError('PROTOCOL', 'The answer is not one of Trino.');
  return read;
}

/** A text as it may stand in a statement. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function headersOf({ username, password, access_token: token }: TrinoConfig): Record<string, string> {
  const login =
    token !== undefined
      ? { authorization: `Bearer ${token}` }
      : password !== undefined
        ? { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
        : {};
  return {
    'x-trino-user': username,
    'x-trino-source': 'datawave-data-sources',
    'x-trino-session': 'query_max_run_time=5m',
    'content-type': 'text/plain; charset=utf-8',
    ...login,
  };
}

/**
 * Where the next page is. Of the URL that the server names only the path is taken: a login is never sent to where a
 * server points, and one behind a gateway often does not know its own name.
 */
function nextPath({ nextUri }: Answer): string | undefined {
  if (nextUri === undefined) return undefined;
  const url = typeof nextUri === 'string' && URL.canParse(nextUri) ? new URL(nextUri) : undefined;
  if (!url?.pathname.startsWith('/v1/statement/'))
    throw new AppError('PROTOCOL', 'The server names a next page that is none of the statement.');
  return url.pathname + url.search;
}
