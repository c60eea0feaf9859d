import { AppError } from '../../../common/app-error.js';
import { elsewhere, type OpenContext, type TlsConfig } from '../../spi/index.js';
import { expectOk, HttpLine, jsonOf } from './http-line.js';
import { SharedToken, type TimedToken } from './shared-token.js';
import { tokenServer } from './token-server.js';

/** A key of a service account at Google. */
export interface GoogleAccount {
  readonly email: string;
  readonly privateKey: string;
  readonly keyId?: string;
  readonly project?: string;
}

/** The one place that is told a JWT, whatever a key file says. */
const TOKEN_URL = new URL('https://oauth2.googleapis.com/token');

/**
 * The key in a key file of Google's, JSON as it is downloaded. Only a service account's key is taken: the other kinds name
 * files, commands and URLs that would be read, run and called.
 *
 * @throws AppError CONFIG_INVALID with what is wrong.
 */
export function googleAccountOf(keyFile: string): GoogleAccount {
  let parsed: unknown;
  try {
    parsed = JSON.parse(keyFile);
  } catch {
    throw bad('It is not JSON. Give the whole text of the key file.');
  }
  const file = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(file, name) ? file[name] : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  if (text('type') !== 'service_account') throw bad('Only a key of the type service_account is taken.');
  const tokenUri = text('token_uri') ?? TOKEN_URL.href;
  if (tokenUri !== TOKEN_URL.href) throw bad(`Its token_uri must be ${TOKEN_URL.href}.`);
  const [email, privateKey, keyId, project] = [
    text('client_email'),
    text('private_key'),
    text('private_key_id'),
    text('project_id'),
  ];
  if (email === undefined || !/^[^\s@/]{1,128}@[a-z0-9.-]{1,200}$/i.test(email))
    throw bad('Its client_email is missing.');
  if (privateKey === undefined || !/^-----BEGIN PRIVATE KEY-----\s/.test(privateKey))
    throw bad('Its private_key is missing.');
  return {
    email,
    privateKey,
    ...(keyId === undefined ? {} : { keyId }),
    ...(project === undefined ? {} : { project }),
  };
}

function bad(detail: string): AppError {
  return new AppError('CONFIG_INVALID', `The service account key is not valid. ${detail}`);
}

/**
 * Access tokens of an account for scopes of Google's, such as `https://www.googleapis.com/auth/devstorage.read_only`: kept until shortly
 * before they end.
 *
 * @param tls whose authority is trusted for the token server too, which is verified in any case.
 */
export function googleTokens(
  account: GoogleAccount,
  scope: string,
  { tls, context }: { readonly tls?: TlsConfig | undefined; readonly context: OpenContext },
): SharedToken {
  return new SharedToken(async (signal) => {
    const assertion = await assertionOf(account, scope);
    const line = await HttpLine.over(tokenServer(TOKEN_URL, tls), { ...elsewhere(context), signal });
    try {
      return await exchange(line, assertion, signal);
    } finally {
      await line.close();
    }
  });
}

async function assertionOf({ email, privateKey, keyId }: GoogleAccount, scope: string): Promise<string> {
  const { importPKCS8, SignJWT } = await import('jose');
  try {
    const key = await importPKCS8(privateKey, 'RS256');
    return await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
      .setIssuer(email)
      .setAudience(TOKEN_URL.href)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key);
  } catch {
    throw bad('Its private_key cannot be read.');
  }
}

async function exchange(line: HttpLine, assertion: string, signal: AbortSignal): Promise<TimedToken> {
  const answer = await line.call({
    method: 'POST',
    path: TOKEN_URL.pathname,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    }).toString(),
    signal,
    maxBytes: 65_536,
  });
  // An unknown account, a withdrawn key and a wrong clock are all 400.
  if (answer.status === 400 || answer.status === 401)
    throw new AppError('AUTH_FAILED', 'Google refused the key of the service account.');
  const { access_token: token, expires_in: seconds } = (jsonOf(expectOk(answer)) ?? {}) as {
    access_token?: unknown;
    expires_in?: unknown;
  };
  if (typeof token !== 'string' || !/^[\x21-\x7e]{8,16384}$/.test(token))
    throw new AppError('PROTOCOL', 'The token server of Google answered without a token.');
  return { token, livesS: typeof seconds === 'number' ? seconds : 3_600 };
}
