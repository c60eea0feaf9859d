import { randomUUID } from 'node:crypto';
import { setTimeout as rest } from 'node:timers/promises';
import { AppError } from '../../../common/app-error.js';
import { HttpLine, jsonOf, pathOf, type HttpAnswer, type HttpCall } from '../../families/http/http-line.js';
import { patientCall } from '../../families/http/patient-call.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import { snowflakeFault } from './codes.js';
import { loginOf, type Login } from './login.js';
import { pattern } from './queries.js';
import { endpointOf, type SnowflakeConfig } from './spec.js';

/** A row by the names of its columns, in lower case; every value is text. */
export type Row = Readonly<Record<string, string | null>>;

/** At most 10,000 rows, with the texts of views among them. */
const ANSWER_BYTES = 64 * 1024 * 1024;
/** The service gives a statement up then. */
const STATEMENT_S = 120;
const POLL_MS = 250;

interface StatementAnswer {
  readonly statementHandle?: unknown;
  readonly data?: unknown;
  readonly resultSetMetaData?: {
    readonly rowType?: readonly { readonly name?: unknown }[];
    readonly partitionInfo?: readonly unknown[];
  };
}

/**
 * The SQL API of an account, for SHOW alone: such a statement is answered by the services of the cloud and starts no
 * warehouse. Each one is a call of its own; there is no session to lose.
 */
export class SnowflakeLine implements SqlLine {
  readonly server: ServerInfo = { product: 'Snowflake', version: 'SQL API v2' };
  /** The one database that is read, as Snowflake writes its name. */
  database: string | undefined;

  private constructor(
    private readonly http: HttpLine,
    private readonly login: Login,
    private readonly role: string | undefined,
  ) {}

  /** Logs in and looks for the database, or for any. */
  static async connect(config: SnowflakeConfig, context: OpenContext): Promise<SnowflakeLine> {
    const { database, role, tls } = config;
    const login = loginOf(config);
    const http = await HttpLine.over({ origin: new URL(`https://${endpointOf(config).host}`), tls }, context);
    const line = new SnowflakeLine(http, login, role);
    try {
      if (database === undefined) await line.ping(context.signal);
      else await line.choose(database, context.signal);
      context.done?.('auth');
      context.done?.('database', line.database === undefined ? {} : { database: line.database });
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
    await this.show('SHOW DATABASES LIMIT 1', signal);
  }

  /** The rows of a SHOW. */
  async show(statement: string, signal: AbortSignal): Promise<readonly Row[]> {
    // A repeated call with the same id is not run again.
    const path = pathOf(['api', 'v2', 'statements'], { requestId: randomUUID() });
    const body = JSON.stringify({
      statement,
      timeout: STATEMENT_S,
      ...(this.role === undefined ? {} : { role: this.role }),
    });
    let answer = await this.call({ method: 'POST', path, body, signal });
    while (answer.status === 202) {
      await rest(POLL_MS, undefined, { signal });
      answer = await this.call({ path: this.pathTo(answer), signal });
    }
    if (answer.status !== 200) throw snowflakeFault(answer);
    const first = jsonOf(answer) as StatementAnswer;
    const names = first.resultSetMetaData?.rowType?.map(({ name }) => String(name).toLowerCase());
    if (names === undefined) throw new AppError('PROTOCOL', 'The answer is not one of the SQL API.');
    const rows = [...rowsOf(first, names)];
    const partitions = first.resultSetMetaData?.partitionInfo?.length ?? 1;
    for (let partition = 1; partition < partitions; partition += 1) {
      const more = await this.call({ path: this.pathTo(answer, partition), signal });
      if (more.status !== 200) throw snowflakeFault(more);
      rows.push(...rowsOf(jsonOf(more) as StatementAnswer, names));
    }
    return rows;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** Names are compared without case unless there is one that fits exactly: nobody writes capitals by hand. */
  private async choose(database: string, signal: AbortSignal): Promise<void> {
    const rows = await this.show(`SHOW DATABASES LIKE ${pattern(database)}`, signal);
    const names = rows.map(({ name }) => name ?? '');
    const found = names.includes(database) ? database : names.length === 1 ? names[0] : undefined;
    if (found === undefined)
      throw new AppError(
        'DATABASE_NOT_FOUND',
        'The database does not exist on the source, or the role may not see it.',
      );
    this.database = found;
  }

  private async call(call: Omit<HttpCall, 'headers'>): Promise<HttpAnswer> {
    const headers = {
      ...(await this.login(call.signal)),
      accept: 'application/json',
      'content-type': 'application/json',
    };
    return patientCall(this.http, () => ({ ...call, headers, maxBytes: ANSWER_BYTES }));
  }

  /** Of the addresses in an answer none is taken: the handle is enough. */
  private pathTo(answer: HttpAnswer, partition?: number): string {
    const { statementHandle: handle } = jsonOf(answer) as StatementAnswer;
    if (typeof handle !== 'string' || !/^[A-Za-z0-9-]{1,100}$/.test(handle))
      throw new AppError('PROTOCOL', 'The answer is not one of the SQL API.');
    return pathOf(['api', 'v2', 'statements', handle], { partition });
  }
}

function* rowsOf({ data }: StatementAnswer, names: readonly string[]): Generator<Row> {
  if (!Array.isArray(data)) throw new AppError('PROTOCOL', 'The answer is not one of the SQL API.');
  for (const values of data as readonly (readonly unknown[])[]) {
    const row: Record<string, string | null> = {};
    for (const [at, name] of names.entries()) {
      const value = values[at];
      row[name] = typeof value === 'string' ? value : null;
    }
    yield row;
  }
}
