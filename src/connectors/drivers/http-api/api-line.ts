import { AppError } from '../../../common/app-error.js';
import { expectOk, HttpLine, jsonOf, type HttpAnswer, type HttpCall } from '../../families/http/http-line.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import type { Json } from '../../families/records/schema-fields.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import { Authorization } from './authorization.js';
import { readGraphql } from './graphql.js';
import { readDocument } from './openapi.js';
import type { HttpApiConfig } from './spec.js';

/** A description of an API is text that people wrote or a program made of it; one that is larger is none. */
const MAX_DESCRIPTION_BYTES = 32_000_000;

/** One HTTP API with its login; every call goes to its own host, whatever a path says. */
export class ApiLine implements RecordsLine {
  server: ServerInfo = { product: 'HTTP API', version: 'unknown' };
  /** The entity tag of what a check reads. */
  private tag: string | undefined;

  private constructor(
    readonly config: HttpApiConfig,
    private readonly http: HttpLine,
    private readonly authorization: Authorization,
  ) {}

  static async open(config: HttpApiConfig, context: OpenContext): Promise<ApiLine> {
    const { host, port = 443, tls } = config;
    const scheme = tls?.mode === 'disable' ? 'http' : 'https';
    const name = host.includes(':') ? `[${host}]` : host;
    const origin = new URL(`${scheme}://${name}:${String(port)}`);
    const http = await HttpLine.over({ origin, tls }, context);
    const line = new ApiLine(config, http, new Authorization(config, context));
    try {
      line.server = await line.identify(context.signal);
      // The description may be public while the rest is not.
      if (config.check_path !== undefined) await line.ping(context.signal);
      context.done?.('auth');
      return line;
    } catch (error) {
      await line.close();
      throw error;
    }
  }

  get usable(): boolean {
    return this.http.usable;
  }

  async ping(signal: AbortSignal): Promise<void> {
    const { described_by: by, check_path: path = this.descriptionPath } = this.config;
    if (by === 'graphql' && this.config.check_path === undefined) {
      await this.graphql('{ __typename }', signal);
      return;
    }
    // No HEAD: undici gives up the socket behind it. A description that is known by its tag is not sent again.
    const known: Record<string, string> = this.tag === undefined ? {} : { 'if-none-match': this.tag };
    const answer = await this.call({ path, headers: known, signal, maxBytes: MAX_DESCRIPTION_BYTES });
    if (answer.status === 304 && this.tag !== undefined) return;
    this.tag = mustBeThere(answer).headers.etag;
  }

  /** Where the description is, or what stands for it. */
  get descriptionPath(): string {
    const { described_by: by, description_path: path, resources = [] } = this.config;
    if (by === 'samples') return resources[0] ?? '/';
    return path ?? (by === 'graphql' ? '/graphql' : '/openapi.json');
  }

  /** The JSON answer at a path behind the base path. @throws AppError, DATABASE_NOT_FOUND where nothing is there. */
  async read(
    path: string,
    signal: AbortSignal,
    call: Pick<HttpCall, 'method' | 'body' | 'headers'> = {},
  ): Promise<unknown> {
    const { headers = {}, ...rest } = call;
    const accept = { accept: 'application/json', ...headers };
    return jsonOf(
      mustBeThere(
        await this.call({ ...rest, path, headers: accept, signal, maxBytes: MAX_DESCRIPTION_BYTES }),
      ),
    );
  }

  /** The data that a GraphQL query of ours gives. */
  graphql(query: string, signal: AbortSignal): Promise<Json> {
    const headers = { 'content-type': 'application/json' };
    return readGraphql(
      (body) => this.read(this.descriptionPath, signal, { method: 'POST', headers, body }),
      query,
    );
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** Each call stands alone: one that is left ends its own socket, and the next call has a new one. */
  destroy(): void {
    return undefined;
  }

  private async call(call: HttpCall): Promise<HttpAnswer> {
    const answer = await this.callOnce(call);
    // A token may end before its time; once, because a login that is wrong must not be tried again.
    if (answer.status === 401 && this.authorization.forget()) return this.callOnce(call);
    return answer;
  }

  private async callOnce(call: HttpCall): Promise<HttpAnswer> {
    const { headers, query } = await this.authorization.proof(call.signal);
    const path = `${(this.config.base_path ?? '').replace(/\/$/, '')}${call.path}`;
    return this.http.call({
      ...call,
      path: query === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`,
      headers: { ...call.headers, ...headers },
    });
  }

  private async identify(signal: AbortSignal): Promise<ServerInfo> {
    const { described_by: by } = this.config;
    if (by === 'openapi') return readDocument(await this.read(this.descriptionPath, signal)).server;
    if (by === 'graphql') await this.graphql('{ __typename }', signal);
    else
      mustBeThere(await this.call({ path: this.descriptionPath, signal, maxBytes: MAX_DESCRIPTION_BYTES }));
    return { product: by === 'graphql' ? 'GraphQL API' : 'HTTP API', version: 'unknown' };
  }
}

function mustBeThere(answer: HttpAnswer): HttpAnswer {
  if (answer.status === 404 || answer.status === 410)
    throw new AppError(
      'DATABASE_NOT_FOUND',
      `The API has nothing at this path. (HTTP ${String(answer.status)})`,
    );
  return expectOk(answer);
}
