import type { ErrorCode } from '../../../common/app-error.js';
import type { Remedy } from '../../spi/index.js';
import type { MysqlConfig } from './spec.js';

/** An identifier as it may stand in a statement. */
export function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** What an administrator of the server does about a fault; the password stands as three dots. */
export function remedyFor(code: ErrorCode, config: MysqlConfig): Remedy | undefined {
  const { database } = config;
  const account = `${literal(config.username)}@'%'`;
  const scope = database === undefined ? '*' : quote(database);
  const grant = `GRANT SELECT, SHOW VIEW ON ${scope}.* TO ${account};`;
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check user name and password. If they are right, there is no account of this name for the address of this product: an account is a name and where it may come from.',
        sql: [
          `SELECT user, host FROM mysql.user WHERE user = ${literal(config.username)};`,
          `CREATE USER ${account} IDENTIFIED BY '…';`,
          `ALTER USER ${account} IDENTIFIED BY '…';`,
          grant,
        ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the account read; SHOW VIEW is for the text of views. If the server says that our host is blocked, FLUSH HOSTS lets it in again.',
        sql: [grant, 'FLUSH HOSTS;'],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: `The server has no database ${database === undefined ? '' : quote(database)}. Case counts on most servers; choose one of the list, or create it.`,
        sql: ['SHOW DATABASES;', ...(database === undefined ? [] : [`CREATE DATABASE ${quote(database)};`])],
      };
    case 'THROTTLED':
      return {
        text: 'All connections of the server or of the account are taken. Close idle ones, raise a limit, or lower pool.size.',
        sql: [
          'SHOW PROCESSLIST;',
          `ALTER USER ${account} WITH MAX_USER_CONNECTIONS 0;`,
          'SET GLOBAL max_connections = 500;',
        ],
      };
    case 'TLS_FAILED':
      return {
        text: 'Put the PEM text of the authority that signed the certificate of the server into tls.ca (ca.pem in its data folder where the server made its own), or set tls.server_name to the name in the certificate. The password itself is sent only over a verified line.',
        sql: ["SHOW VARIABLES LIKE 'ssl_%';", "SHOW VARIABLES LIKE 'have_ssl';"],
      };
    default:
      return undefined;
  }
}
