import { Type, type Static } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import {
  elsewhere,
  secret,
  text,
  type ConnectionFault,
  type OpenContext,
  type TlsConfig,
} from '../../spi/index.js';
import { httpFault, HttpLine, jsonOf } from './http-line.js';
import { SharedToken, type TimedToken } from './shared-token.js';
import { tokenServer } from './token-server.js';

/** Where the token server does not say how long its token is good. */
const LIFE_S = 300;

/** The block of a spec for a client of OAuth 2.0: whose token server it is says the user, so it is judged like a host. */
export const clientCredentials = () =>
  Type.Object(
    {
      token_url: Type.String({
        title: 'Token URL',
        description: 'https only; `tls.ca` is trusted there too.',
        maxLength: 2_048,
        pattern:
          "^https://([A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]{2,45}\\])(:[0-9]{1,5})?(/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)+/?$",
        'x-destination': true,
      }),
      client_id: text('Client id', { 'x-destination': true }),
      client_secret: Type.Optional(secret('Client secret')),
      client_auth: Type.Optional(
        Type.Enum(['basic', 'body'], {
          title: 'Client login',
          description:
            'Whether the token server takes the client in the Authorization header or in the body.',
          default: 'basic',
          'x-destination': true,
          'x-schema': 'ClientAuth',
        }),
      ),
      scope: Type.Optional(text('Scope', { maxLength: 1_024 })),
      audience: Type.Optional(text('Audience', { maxLength: 1_024, 'x-destination': true })),
    },
    { title: 'OAuth 2.0', additionalProperties: false, 'x-group': 'login' },
  );

type OAuthClient = Static<ReturnType<typeof clientCredentials>>;

/** What the pattern cannot say of a token URL. */
export function tokenUrlFaults(client: OAuthClient | undefined, at: string): ConnectionFault[] {
  if (!client || URL.canParse(client.token_url)) return [];
  return [{ pointer: `${at}/token_url`, code: 'pattern', detail: 'This is not in the expected form.' }];
}

/** Access tokens of a client; the token server is dialled through the judge of addresses and always verified. */
export class ClientCredentials {
  private tokens = this.fresh();
  private asked = false;

  constructor(
    private readonly client: OAuthClient,
    private readonly context: OpenContext,
    private readonly tls: TlsConfig | undefined,
  ) {}

  /** @throws AppError AUTH_FAILED where the token server refuses the client. */
  token(signal: AbortSignal): Promise<string> {
    this.asked = true;
    return this.tokens.get(signal);
  }

  /** Forgets a token that was refused; false where none was ever asked for. */
  forget(): boolean {
    this.tokens = this.fresh();
    return this.asked;
  }

  private fresh(): SharedToken {
    return new SharedToken((signal) => this.ask(signal));
  }

  private async ask(signal: AbortSignal): Promise<TimedToken> {
    const { token_url: url, client_auth: place } = this.client;
    const origin = new URL(url);
    const line = await HttpLine.over(tokenServer(origin, this.tls), { ...elsewhere(this.context), signal });
    try {
      const answer = await line.call({
        method: 'POST',
        path: origin.pathname,
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          ...(place === 'body' ? {} : { authorization: clientLogin(this.client) }),
        },
        body: form(this.client),
        signal,
        maxBytes: 1_000_000,
      });
      // RFC 6749, 5.2: a client that is not known is told by 400 or 401.
      if ([400, 401, 403].includes(answer.status))
        throw new AppError(
          'AUTH_FAILED',
          `The token server refused the client. (HTTP ${String(answer.status)})`,
        );
      if (answer.status !== 200) throw httpFault(answer.status);
      const { access_token: token, expires_in: life } = (jsonOf(answer) ?? {}) as {
        access_token?: unknown;
        expires_in?: unknown;
      };
      if (typeof token !== 'string' || !/^[\x21-\x7e]{1,65536}$/.test(token))
        throw new AppError('PROTOCOL', 'The answer of the token server has no access token.');
      return { token, livesS: typeof life === 'number' && life > 0 ? life : LIFE_S };
    } finally {
      await line.close();
    }
  }
}

/** RFC 6749, 2.3.1: both halves are form-encoded first. */
function clientLogin({ client_id: id, client_secret: secret = '' }: OAuthClient): string {
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function form(client: OAuthClient): string {
  const { client_id: id, client_secret: secret = '', client_auth: place, scope, audience } = client;
  return new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
    ...(place === 'body' ? { client_id: id, client_secret: secret } : {}),
  }).toString();
}
