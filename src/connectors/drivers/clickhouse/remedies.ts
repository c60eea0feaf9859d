import type { ErrorCode } from '../../../common/app-error.js';
import type { Remedy } from '../../spi/index.js';
import { literal } from './queries.js';
import type { ClickhouseConfig } from './spec.js';

/** An identifier as it may stand in a statement. */
export function quote(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** What an administrator of the server does about a fault; the password stands as three dots. */
export function remedyFor(code: ErrorCode, config: ClickhouseConfig): Remedy | undefined {
  const { database, username } = config;
  const account = quote(username);
  const scope = database === undefined ? '*' : quote(database);
  // What an account may not select from does not show in system.tables.
  const grant = `GRANT SHOW, SELECT ON ${scope}.* TO ${account}`;
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check user name and password, and that the account may come from the address of this product. Accounts that are written in users.xml are changed there.',
        sql: [
          `SHOW CREATE USER ${account}`,
          `CREATE USER ${account} IDENTIFIED BY '…' SETTINGS readonly = 1`,
          `ALTER USER ${account} IDENTIFIED BY '…'`,
          grant,
        ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the account see and read; one that is written in users.xml needs the database among its allow_databases.',
        sql: [grant, `SHOW GRANTS FOR ${account}`],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: 'Case counts in the names of databases; choose one of the list, or leave the field out to discover all of them.',
        sql: [
          'SHOW DATABASES',
          ...(database === undefined
            ? []
            : [`SELECT name FROM system.databases WHERE name ILIKE ${literal(database)}`]),
        ],
      };
    case 'THROTTLED':
      return {
        text: 'The server runs as many queries as it may, or the quota of the account is used up.',
        sql: ['SHOW PROCESSLIST', 'SELECT * FROM system.quota_usage'],
      };
    case 'PROTOCOL':
      return {
        text: 'Give the port of the HTTP interface (8443 with TLS, 8123 without), not that of the native protocol (9440, 9000).',
      };
    default:
      return undefined;
  }
}
