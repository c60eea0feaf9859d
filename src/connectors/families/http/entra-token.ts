import { AppError } from '../../../common/app-error.js';
import { elsewhere, type OpenContext, type TlsConfig } from '../../spi/index.js';
import { expectOk, HttpLine, jsonOf } from './http-line.js';
import { SharedToken } from './shared-token.js';
import { tokenServer } from './token-server.js';

/** An application of Microsoft Entra ID, and what it asks a token for. */
export interface EntraApplication {
  readonly tenant: string;
  readonly client: string;
  readonly secret: string;
  /** Such as `https://storage.azure.com/.default`. */
  readonly scope: string;
  /** The cloud of Microsoft whose token server is asked; `public` unless told. */
  readonly cloud?: MicrosoftCloud | undefined;
}

export type MicrosoftCloud = keyof typeof AUTHORITIES;

const AUTHORITIES = {
  public: 'https://login.microsoftonline.com',
  us_government: 'https://login.microsoftonline.us',
  china: 'https://login.partner.microsoftonline.cn',
} as const;

/**
 * Access tokens of an application by the OAuth2 client credentials grant, kept until shortly before they end.
 *
 * @param tls whose authority is trusted for the token server too, which is verified in any case.
 */
export function entraTokens(
  { tenant, client, secret, scope, cloud = 'public' }: EntraApplication,
  { tls, context }: { readonly tls?: TlsConfig | undefined; readonly context: OpenContext },
): SharedToken {
  const server = tokenServer(new URL(AUTHORITIES[cloud]), tls);
  return new SharedToken(async (signal) => {
    const line = await HttpLine.over(server, { ...elsewhere(context), signal });
    try {
      const answer = await line.call({
        method: 'POST',
        path: `/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: client,
          client_secret: secret,
          scope,
        }).toString(),
        signal,
        maxBytes: 65_536,
      });
      // A bad secret is 401, an unknown tenant or application 400.
      if (answer.status === 400 || answer.status === 401)
        throw new AppError('AUTH_FAILED', 'Microsoft Entra ID refused the application or its secret.');
      const { access_token: token, expires_in: seconds } = (jsonOf(expectOk(answer)) ?? {}) as {
        access_token?: unknown;
        expires_in?: unknown;
      };
      if (typeof token !== 'string' || !/^[A-Za-z0-9._~+/=-]{8,16384}$/.test(token))
        throw new AppError('PROTOCOL', 'Microsoft Entra ID answered without a token.');
      return { token, livesS: typeof seconds === 'number' ? seconds : 3_600 };
    } finally {
      await line.close();
    }
  });
}
