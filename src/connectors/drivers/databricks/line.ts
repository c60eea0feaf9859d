import { AppError } from '../../../common/app-error.js';
import { expectOk, HttpLine, jsonOf, pathOf, type HttpCall } from '../../families/http/http-line.js';
import { patientCall } from '../../families/http/patient-call.js';
import { SharedToken, type TimedToken } from '../../families/http/shared-token.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import { databricksFault } from './codes.js';
import type { DatabricksConfig } from './spec.js';

const TOKEN_BYTES = 65_536;

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Unity Catalog's REST interface, which runs on no cluster and no warehouse. */
export class DatabricksLine implements SqlLine {
  readonly server: ServerInfo = { product: 'Databricks', version: 'Unity Catalog 2.1' };

  private constructor(
    private readonly http: HttpLine,
    private readonly tokens: SharedToken,
    readonly catalog: string | undefined,
  ) {}

  /** Logs in and asks for the catalog, or for any. */
  static async connect(config: DatabricksConfig, context: OpenContext): Promise<DatabricksLine> {
    const { workspace, catalog, access_token: token, client_id: client, client_secret: key, tls } = config;
    if (token === undefined && (client === undefined || key === undefined))
      throw new AppError(
        'AMBIENT_CREDENTIALS_FORBIDDEN',
        'The source needs a token or a client secret of its own.',
      );
    const http = await HttpLine.over({ origin: new URL(`https://${workspace}`), tls }, context);
    const tokens = new SharedToken((signal) =>
      token === undefined
        ? grantOf(http, `${client ?? ''}:${key ?? ''}`, signal)
        : Promise.resolve({ token, livesS: Infinity }),
    );
    const line = new DatabricksLine(http, tokens, catalog);
    try {
      await line.ping(context.signal);
      context.done?.('auth');
      context.done?.('database', catalog === undefined ? {} : { catalog });
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
    const call =
      this.catalog === undefined
        ? await this.callOf(['catalogs'], { max_results: 1 }, signal)
        : await this.callOf(['catalogs', this.catalog], {}, signal);
    const answer = await this.http.call(call);
    if (answer.status !== 200) throw databricksFault(answer);
    jsonOf(answer);
  }

  /** What is at that place. @throws AppError for every status that is no success. */
  async get(
    segments: readonly string[],
    query: Query,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const call = await this.callOf(segments, query, signal);
    const answer = await patientCall(this.http, () => call);
    if (answer.status !== 200) throw databricksFault(answer);
    const body = jsonOf(answer);
    if (typeof body !== 'object' || body === null)
      throw new AppError('PROTOCOL', 'The answer is not one of Unity Catalog.');
    return body as Readonly<Record<string, unknown>>;
  }

  /** The items of a list, page by page; a page may be empty and still not be the last. */
  async *list(items: string, query: Query, signal: AbortSignal): AsyncGenerator<readonly unknown[]> {
    let token: string | undefined;
    do {
      const answer = await this.get([items], { ...query, max_results: 0, page_token: token }, signal);
      const page = answer[items] ?? [];
      if (!Array.isArray(page)) throw new AppError('PROTOCOL', 'The answer is not one of Unity Catalog.');
      yield page;
      const next = answer.next_page_token;
      token = typeof next === 'string' && next !== '' && next !== token ? next : undefined;
    } while (token !== undefined);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async callOf(segments: readonly string[], query: Query, signal: AbortSignal): Promise<HttpCall> {
    const authorization = `Bearer ${await this.tokens.get(signal)}`;
    const path = pathOf(['api', '2.1', 'unity-catalog', ...segments], query);
    return { path, headers: { authorization, accept: 'application/json' }, signal };
  }
}

/** A token for a service principal, from the workspace itself. */
async function grantOf(http: HttpLine, basic: string, signal: AbortSignal): Promise<TimedToken> {
  const answer = await http.call({
    method: 'POST',
    path: '/oidc/v1/token',
    headers: {
      authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials&scope=all-apis',
    maxBytes: TOKEN_BYTES,
    signal,
  });
  if (answer.status === 400)
    throw new AppError('AUTH_FAILED', 'The source refused the client id or its secret.');
  const { access_token: token, expires_in: seconds } = (jsonOf(expectOk(answer)) ?? {}) as {
    readonly access_token?: unknown;
    readonly expires_in?: unknown;
  };
  if (typeof token !== 'string' || !/^[\x21-\x7e]{8,16384}$/.test(token))
    throw new AppError('PROTOCOL', 'The workspace answered without a token.');
  return { token, livesS: typeof seconds === 'number' ? seconds : 3_600 };
}
