import { createPrivateKey, type KeyObject } from 'node:crypto';
import { Type, type Static } from 'typebox';
import {
  connectionSpec,
  pem,
  secret,
  text,
  trust,
  type Address,
  type ConnectionFault,
} from '../../spi/index.js';

/** What is in a token, and fits a header. */
const TOKEN = { maxLength: 16_384, pattern: '^[A-Za-z0-9._~+/=-]+$' };

export const snowflakeSpec = connectionSpec('snowflake', {
  account: text('Account', {
    description: 'Account identifier: what stands before .snowflakecomputing.com in the URL of the account.',
    maxLength: 200,
    pattern: '^[A-Za-z0-9_.-]+$',
    examples: ['myorg-myaccount'],
    'x-destination': true,
    'x-group': 'server',
  }),
  database: Type.Optional(
    text('Database', {
      description: 'The one database to discover; without it, all that the role may see.',
      examples: ['SHOP'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  role: Type.Optional(
    text('Role', {
      description:
        "The role to read with, in the letters of Snowflake, usually capitals; without it, the user's default role.",
      examples: ['DATAWAVE_READER'],
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  username: Type.Optional(
    text('User name', {
      description: 'Login name of the user, for a private key; a token says by itself who it is for.',
      examples: ['DATAWAVE'],
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  private_key: Type.Optional(
    pem('Private key', {
      description:
        'PEM text of the RSA key whose public half the user has (PKCS #8), for a login by key pair.',
      writeOnly: true,
      format: 'password',
      'x-group': 'login',
    }),
  ),
  private_key_passphrase: Type.Optional(secret('Passphrase of the private key')),
  access_token: Type.Optional(
    secret('Programmatic access token', { description: 'A token of the user, in place of a key.', ...TOKEN }),
  ),
  oauth_token: Type.Optional(
    secret('OAuth token', {
      description: 'An access token of an OAuth integration, in place of a key.',
      ...TOKEN,
    }),
  ),
  ...trust(),
});

export type SnowflakeConfig = Static<typeof snowflakeSpec>;

/** Host names have no underscores, and the accounts of one region a domain of their own. */
export function endpointOf({ account }: Pick<SnowflakeConfig, 'account'>): Address {
  const name = account.toLowerCase().replaceAll('_', '-');
  return { host: `${name}.snowflakecomputing.${/\.cn-[a-z]/.test(name) ? 'cn' : 'com'}`, port: 443 };
}

/**
 * The RSA key of a PEM text.
 *
 * @throws whatever OpenSSL says, or a TypeError; nothing of it may be shown.
 */
export function rsaKey(key: string, passphrase: string | undefined): KeyObject {
  // Without one for a key that needs it, OpenSSL would ask for it at a terminal.
  const read = createPrivateKey({ key, passphrase: passphrase ?? '' });
  if (read.asymmetricKeyType !== 'rsa') throw new TypeError('not RSA');
  return read;
}

/** What the fields mean together. Secrets that a change leaves as they are do not come along. */
export function checkSnowflake(config: SnowflakeConfig): readonly ConnectionFault[] {
  const { account, username, private_key: key, private_key_passphrase: passphrase } = config;
  const faults: ConnectionFault[] = [];
  const fault = (field: string, code: string, detail: string): void =>
    void faults.push({ pointer: `/${field}`, code, detail });
  if (/\.snowflakecomputing\./i.test(`.${account}.`))
    fault('account', 'pattern', 'Give only what stands before .snowflakecomputing.com.');
  const given = (['private_key', 'access_token', 'oauth_token'] as const).filter(
    (name) => config[name] !== undefined,
  );
  for (const name of given.slice(1)) fault(name, 'exclusive', `Give either this or ${given[0] ?? ''}.`);
  if (key === undefined) return faults;
  if (username === undefined) fault('username', 'required', 'A private key belongs to a user.');
  // The passphrase may be one that is kept.
  if (passphrase === undefined && key.includes('ENCRYPTED')) return faults;
  try {
    rsaKey(key, passphrase);
  } catch {
    fault('private_key', 'invalid', 'It is no RSA key that can be read, or the passphrase is wrong.');
  }
  return faults;
}
