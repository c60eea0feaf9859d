import type { ErrorCode } from '../../../common/app-error.js';
import type { Remedy } from '../../spi/index.js';
import type { OracleConfig } from './spec.js';

/** An identifier as it may stand in a statement; a quote cannot be in one. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '')}"`;
}

/** Names without quotes are kept in capitals, and so is what a user types. */
const account = ({ username }: OracleConfig): string =>
  /^[A-Za-z][\w$#]*$/.test(username) ? username.toUpperCase() : quote(username);

/** What an administrator of the server does about a fault; the password stands as three dots. */
export function remedyFor(code: ErrorCode, config: OracleConfig): Remedy | undefined {
  const user = account(config);
  const grants = [
    `GRANT CREATE SESSION TO ${user};`,
    `GRANT SELECT ANY TABLE TO ${user};`,
    `GRANT SELECT_CATALOG_ROLE TO ${user};`,
  ];
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check user name and password, and that the account is not locked and its password not expired. An account that was made long ago may have no verifier that today’s drivers take: set its password again. Accounts live in a pluggable database: connect to its service.',
        sql: [
          `SELECT account_status, password_versions FROM dba_users WHERE username = '${user.replaceAll("'", "''").replaceAll('"', '')}';`,
          `ALTER USER ${user} IDENTIFIED BY "…" ACCOUNT UNLOCK;`,
          ...grants,
        ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the account log in and read. Instead of every table, single ones may be granted: what the account may not read it does not see.',
        sql: [...grants, `GRANT SELECT ON "…"."…" TO ${user};`],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: `The listener knows no service ${config.service_name}. A service has its domain in its name where the database has one.`,
        sql: ['SELECT name FROM v$services;', 'ALTER PLUGGABLE DATABASE "…" OPEN;', 'ALTER SYSTEM REGISTER;'],
      };
    case 'THROTTLED':
      return {
        text: 'All processes or sessions of the server, or those of the account, are taken. Close idle ones, raise a limit, or lower pool.size.',
        sql: [
          'SELECT resource_name, current_utilization, limit_value FROM v$resource_limit;',
          'ALTER SYSTEM SET processes = 600 SCOPE = SPFILE;',
        ],
      };
    case 'TLS_FAILED':
      return {
        text: 'TLS has a port of its own (mostly 2484, 1522 in the cloud), where the listener has a TCPS endpoint. Put ewallet.pem into wallet, or the PEM text of the authority into tls.ca, and set tls.server_name to the name in the certificate. Encryption of Oracle’s own (SQLNET.ENCRYPTION_SERVER) is not TLS, and this driver does not speak it.',
      };
    case 'UNSUPPORTED':
      return {
        text: 'Oracle Database 12.1 or later is needed, and one that does not insist on encryption of its own in the place of TLS.',
        sql: ['SELECT version FROM v$instance;'],
      };
    default:
      return undefined;
  }
}
