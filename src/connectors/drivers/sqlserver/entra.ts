import { AppError } from '../../../common/app-error.js';
import { expectOk, HttpLine, jsonOf } from '../../families/http/http-line.js';
import { elsewhere, type OpenContext } from '../../spi/index.js';
import type { AzureConfig, SqlServerConfig } from './spec.js';

/** Gives the token that a login by an application sends. */
export type TokenOf = (config: SqlServerConfig, context: OpenContext) => Promise<string>;

const CLOUDS = {
  public: ['https://login.microsoftonline.com', 'https://database.windows.net/.default'],
  us_government: ['https://login.microsoftonline.us', 'https://database.usgovcloudapi.net/.default'],
  china: ['https://login.partner.microsoftonline.cn', 'https://database.chinacloudapi.cn/.default'],
} as const;

const TOKEN = /^[A-Za-z0-9._~+/=-]{20,16384}$/;

/** Asks Microsoft Entra ID for a token by the credentials of the connection, and by those alone. */
export async function entraToken(config: AzureConfig, context: OpenContext): Promise<string> {
  const [authority] = CLOUDS[config.cloud ?? 'public'];
  const line = await HttpLine.over({ origin: new URL(authority) }, elsewhere(context));
  try {
    return await askToken(line, config, context.signal);
  } finally {
    await line.close();
  }
}

/** The OAuth2 client credentials grant. @throws AppError AUTH_FAILED where the application or its secret is refused. */
export async function askToken(line: HttpLine, config: AzureConfig, signal: AbortSignal): Promise<string> {
  const { tenant_id = '', client_id = '', client_secret = '', cloud = 'public' } = config;
  const answer = await line.call({
    method: 'POST',
    path: `/${tenant_id}/oauth2/v2.0/token`,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id,
      client_secret,
      scope: CLOUDS[cloud][1],
    }).toString(),
    signal,
    maxBytes: 65_536,
  });
  // A bad secret is 401, an unknown tenant or application 400.
  if (answer.status === 400 || answer.status === 401)
    throw new AppError('AUTH_FAILED', 'Microsoft Entra ID refused the application or its secret.');
  const { access_token: token } = (jsonOf(expectOk(answer)) ?? {}) as { access_token?: unknown };
  if (typeof token !== 'string' || !TOKEN.test(token))
    throw new AppError('PROTOCOL', 'Microsoft Entra ID answered without a token.');
  return token;
}
