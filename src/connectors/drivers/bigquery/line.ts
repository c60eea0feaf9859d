import { AppError } from '../../../common/app-error.js';
import { googleAccountOf, type GoogleAccount } from '../../families/http/google-account.js';
import { HttpLine, jsonOf, pathOf, type HttpCall } from '../../families/http/http-line.js';
import { patientCall } from '../../families/http/patient-call.js';
import { SharedToken } from '../../families/http/shared-token.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import { bigqueryFault } from './codes.js';
import type { BigqueryConfig } from './spec.js';

const ORIGIN = new URL('https://bigquery.googleapis.com');
const SCOPE = 'https://www.googleapis.com/auth/bigquery.readonly';
const TOKEN_S = 3_600;

export const ENDPOINT = { host: ORIGIN.hostname, port: 443 };

type Query = Readonly<Record<string, string | number | undefined>>;

/**
 * The REST interface of BigQuery as far as it tells metadata, which is free. The account signs its tokens itself, so that
 * no other server is asked, and for reading alone.
 */
export class BigqueryLine implements SqlLine {
  readonly server: ServerInfo = { product: 'BigQuery', version: 'v2' };
  readonly project: string;
  readonly dataset: string | undefined;

  private constructor(
    private readonly http: HttpLine,
    private readonly tokens: SharedToken,
    { project, dataset }: BigqueryConfig,
  ) {
    this.project = project;
    this.dataset = dataset;
  }

  /** Asks for the project and, where one is named, for the dataset. */
  static async connect(config: BigqueryConfig, context: OpenContext): Promise<BigqueryLine> {
    const { service_account: key, tls } = config;
    if (key === undefined)
      throw new AppError(
        'AMBIENT_CREDENTIALS_FORBIDDEN',
        'The source needs a service account key of its own.',
      );
    const account = googleAccountOf(key);
    const tokens = new SharedToken(async () => ({ token: await tokenOf(account), livesS: TOKEN_S }));
    const http = await HttpLine.over({ origin: ORIGIN, tls }, context);
    const line = new BigqueryLine(http, tokens, config);
    try {
      await line.ping(context.signal);
      context.done?.('auth', { account: account.email });
      if (config.dataset !== undefined) await line.get(['datasets', config.dataset], {}, context.signal);
      context.done?.('database', { project: config.project });
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
    const answer = await this.http.call(await this.callOf(['datasets'], { maxResults: 1 }, signal));
    if (answer.status !== 200) throw bigqueryFault(answer);
    jsonOf(answer);
  }

  /** What is at that place of the project. @throws AppError for every status that is no success. */
  async get(segments: readonly string[], query: Query, signal: AbortSignal): Promise<unknown> {
    const call = await this.callOf(segments, query, signal);
    const answer = await patientCall(this.http, () => call);
    if (answer.status !== 200) throw bigqueryFault(answer);
    return jsonOf(answer);
  }

  /** The items of a list, page by page. */
  async *list(
    segments: readonly string[],
    items: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly unknown[]> {
    let pageToken: string | undefined;
    do {
      const answer = (await this.get(segments, { maxResults: 1_000, pageToken }, signal)) as Record<
        string,
        unknown
      >;
      const page = answer[items] ?? [];
      if (!Array.isArray(page)) throw new AppError('PROTOCOL', 'The answer is not one of BigQuery.');
      yield page;
      const next = answer.nextPageToken;
      pageToken = typeof next === 'string' && next !== '' && next !== pageToken ? next : undefined;
    } while (pageToken !== undefined);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async callOf(segments: readonly string[], query: Query, signal: AbortSignal): Promise<HttpCall> {
    const authorization = `Bearer ${await this.tokens.get(signal)}`;
    const path = pathOf(['bigquery', 'v2', 'projects', this.project, ...segments], query);
    return { path, headers: { authorization, accept: 'application/json' }, signal };
  }
}

/** A token that the account signs itself: good for this interface, for an hour, and for reading. */
async function tokenOf({ email, privateKey, keyId }: GoogleAccount): Promise<string> {
  const { importPKCS8, SignJWT } = await import('jose');
  try {
    const key = await importPKCS8(privateKey, 'RS256');
    return await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
      .setIssuer(email)
      .setSubject(email)
      .setIssuedAt()
      .setExpirationTime(`${String(TOKEN_S)}s`)
      .sign(key);
  } catch {
    throw new AppError('AUTH_FAILED', 'The private key of the service account cannot be read.');
  }
}
