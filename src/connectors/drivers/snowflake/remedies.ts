import type { ErrorCode } from '../../../common/app-error.js';
import { TRUST_REMEDY } from '../../families/http/trust-remedy.js';
import type { Remedy } from '../../spi/index.js';
import { identifier } from './queries.js';
import type { SnowflakeConfig } from './spec.js';

/** What an administrator of the account does about a fault. */
export function remedyFor(code: ErrorCode, config: SnowflakeConfig): Remedy | undefined {
  const { database = 'DATABASE', role = 'DATAWAVE_READER', username = 'DATAWAVE' } = config;
  const [base, reader, user] = [identifier(database), identifier(role), identifier(username.toUpperCase())];
  // REFERENCES shows tables and views, and reads no rows.
  const grants = [
    `GRANT USAGE ON DATABASE ${base} TO ROLE ${reader};`,
    `GRANT USAGE ON ALL SCHEMAS IN DATABASE ${base} TO ROLE ${reader};`,
    `GRANT REFERENCES ON ALL TABLES IN DATABASE ${base} TO ROLE ${reader};`,
    `GRANT REFERENCES ON ALL VIEWS IN DATABASE ${base} TO ROLE ${reader};`,
    `GRANT ROLE ${reader} TO USER ${user};`,
  ];
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check the account identifier, the login name and the key: its public half must be set for the user. A token may have expired, or be restricted to another role. DESC USER shows the fingerprint that is set.',
        sql: [
          `DESC USER ${user};`,
          `ALTER USER ${user} SET RSA_PUBLIC_KEY = '…';`,
          `SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER ${user};`,
        ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the role see the database, and the user have the role. A network policy of the account must allow the address of this product.',
        sql: [...grants, 'SHOW NETWORK POLICIES;'],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: 'The database does not exist, or the role may not see it: Snowflake tells no difference. If the account is unknown, give the identifier from its URL.',
        sql: ['SHOW DATABASES;', ...grants],
      };
    case 'THROTTLED':
      return {
        text: 'The account refuses more calls of its SQL API for now. Wait, or choose a longer interval.',
      };
    case 'TLS_FAILED':
      return TRUST_REMEDY;
    default:
      return undefined;
  }
}
