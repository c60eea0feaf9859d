import { createHash, createPublicKey } from 'node:crypto';
import { AppError } from '../../../common/app-error.js';
import { SharedToken } from '../../families/http/shared-token.js';
import { rsaKey, type SnowflakeConfig } from './spec.js';

/** Snowflake takes tokens of at most an hour. */
const TOKEN_S = 3_600;

/** The headers of one call, with a token that is valid then. */
export type Login = (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;

/** The one login that the connection has secrets for. @throws AppError where it has none. */
export function loginOf(config: SnowflakeConfig): Login {
  const { access_token: token, oauth_token: oauth, private_key: key } = config;
  if (token !== undefined) return () => Promise.resolve(headersOf(token, 'PROGRAMMATIC_ACCESS_TOKEN'));
  if (oauth !== undefined) return () => Promise.resolve(headersOf(oauth, 'OAUTH'));
  if (key === undefined)
    throw new AppError('AMBIENT_CREDENTIALS_FORBIDDEN', 'The source needs a key or a token of its own.');
  const tokens = new SharedToken(async () => ({ token: await signedToken(config, key), livesS: TOKEN_S }));
  return async (signal) => headersOf(await tokens.get(signal), 'KEYPAIR_JWT');
}

function headersOf(token: string, kind: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, 'x-snowflake-authorization-token-type': kind };
}

/** A token that names the user, the account and the fingerprint of the public key, signed by the private one. */
async function signedToken(
  { account, username = '', private_key_passphrase: passphrase }: SnowflakeConfig,
  pem: string,
): Promise<string> {
  const { SignJWT } = await import('jose');
  try {
    const key = rsaKey(pem, passphrase);
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
    const fingerprint = createHash('sha256').update(spki).digest('base64');
    const subject = `${accountName(account)}.${username.toUpperCase()}`;
    return await new SignJWT()
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(`${subject}.SHA256:${fingerprint}`)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime(`${String(TOKEN_S)}s`)
      .sign(key);
  } catch {
    throw new AppError('AUTH_FAILED', 'The private key cannot be read.');
  }
}

/** The account without its region, as tokens name it. */
function accountName(account: string): string {
  return (account.split('.')[0] ?? '').toUpperCase();
}
