import { AppError } from '../../../common/app-error.js';
import { HttpLine, httpFault, jsonOf } from '../../families/http/http-line.js';
import { elsewhere, type OpenContext } from '../../spi/index.js';
import type { HttpApiConfig } from './spec.js';

/** What proves to the API who calls: headers, or a parameter of the query. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  /** `name=value`, encoded. */
  readonly query?: string;
}

/** A token is fetched anew when it has less than this left. */
const MARGIN_MS = 30_000;
/** Where the token server does not say how long its token is good. */
const LIFE_S = 300;

type OAuth2 = NonNullable<HttpApiConfig['oauth2']>;

/** The login of one connection. Only for `oauth2` does it call a server: the token's, through the judge of addresses. */
export class Authorization {
  private tokens: HttpLine | undefined;
  private token: { readonly value: string; readonly until: number } | undefined;

  constructor(
    private readonly config: HttpApiConfig,
    private readonly context: OpenContext,
  ) {}

  async proof(signal: AbortSignal): Promise<Proof> {
    const { auth = 'none', username = '', password = '', bearer_token: bearer = '' } = this.config;
    const { api_key: key = '', api_key_in: place = 'header', api_key_name: name = 'X-API-Key' } = this.config;
    switch (auth) {
      case 'none':
        return { headers: {} };
      case 'basic':
        return { headers: { authorization: basic(username, password) } };
      case 'bearer':
        return { headers: { authorization: `Bearer ${bearer}` } };
      case 'api_key':
        return place === 'header'
          ? { headers: { [name.toLowerCase()]: key } }
          : { headers: {}, query: `${encodeURIComponent(name)}=${encodeURIComponent(key)}` };
      case 'oauth2':
        return { headers: { authorization: `Bearer ${await this.accessToken(signal)}` } };
    }
  }

  /** Forgets a token that the API refused; false where there was none that could be old. */
  forget(): boolean {
    const had = this.token !== undefined;
    this.token = undefined;
    return had;
  }

  async close(): Promise<void> {
    await this.tokens?.close();
  }

  private async accessToken(signal: AbortSignal): Promise<string> {
    if (this.token && this.token.until > Date.now() + MARGIN_MS) return this.token.value;
    const { oauth2, tls } = this.config;
    if (!oauth2) throw new AppError('CONFIG_INVALID', 'The connection has no oauth2.');
    const url = new URL(oauth2.token_url);
    // The mode of the API's own TLS is not for the token server: that is always verified.
    this.tokens ??= await HttpLine.over(
      { origin: url, tls: tls?.ca === undefined ? {} : { ca: tls.ca }, sockets: 1 },
      elsewhere(this.context),
    );
    const answer = await this.tokens.call({
      method: 'POST',
      path: url.pathname,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(oauth2.client_auth === 'body' ? {} : { authorization: clientLogin(oauth2) }),
      },
      body: form(oauth2),
      signal,
      maxBytes: 1_000_000,
    });
    // RFC 6749, 5.2: a client that is not known is told by 400 or 401.
    if (answer.status === 400 || answer.status === 401 || answer.status === 403)
      throw new AppError(
        'AUTH_FAILED',
        `The token server refused the client. (HTTP ${String(answer.status)})`,
      );
    if (answer.status !== 200) throw httpFault(answer.status);
    const { access_token: value, expires_in: life } = jsonOf(answer) as {
      access_token?: unknown;
      expires_in?: unknown;
    };
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
      throw new AppError('PROTOCOL', 'The answer of the token server has no access token.');
    const seconds = typeof life === 'number' && life > 0 ? life : LIFE_S;
    this.token = { value, until: Date.now() + seconds * 1_000 };
    return value;
  }
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** RFC 6749, 2.3.1: both halves are form-encoded first. */
const clientLogin = ({ client_id: id, client_secret: secret = '' }: OAuth2): string =>
  basic(encodeURIComponent(id), encodeURIComponent(secret));

function form({
  client_id: id,
  client_secret: secret = '',
  client_auth: place,
  scope,
  audience,
}: OAuth2): string {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
    ...(place === 'body' ? { client_id: id, client_secret: secret } : {}),
  }).toString();
}
