import type { ErrorCode } from '../../../common/app-error.js';
import type { Remedy } from '../../spi/index.js';
import type { PostgresqlConfig } from './spec.js';

/** An identifier as it may stand in a statement. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What an administrator of the server does about a fault; the password stands as three dots. */
export function remedyFor(code: ErrorCode, config: PostgresqlConfig): Remedy | undefined {
  const user = quote(config.username);
  const database = quote(config.database);
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: `Check user name and password. If they are right, pg_hba.conf of the server lacks a line for this login and the address of this product, such as: hostssl ${database} ${user} <address>/32 scram-sha-256 (then reload).`,
        sql: [
          `ALTER ROLE ${user} WITH LOGIN PASSWORD '…';`,
          'SELECT line_number, type, database, user_name, address, auth_method, error FROM pg_hba_file_rules;',
          'SELECT pg_reload_conf();',
        ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the login connect to the database. To read the catalog it needs no more than that.',
        sql: [`GRANT CONNECT ON DATABASE ${database} TO ${user};`],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: `The server has no database ${database}. Names are case-sensitive; choose one of the list, or create it.`,
        sql: [
          'SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname;',
          `CREATE DATABASE ${database};`,
        ],
      };
    case 'THROTTLED':
      return {
        text: 'All connections of the server, the role or the database are taken. Close idle ones, raise a limit (max_connections needs a restart), or lower pool.size.',
        sql: [
          'SELECT usename, datname, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC;',
          `ALTER ROLE ${user} CONNECTION LIMIT -1;`,
          `ALTER DATABASE ${database} CONNECTION LIMIT -1;`,
          'ALTER SYSTEM SET max_connections = 200;',
        ],
      };
    case 'TLS_FAILED':
      return {
        text: 'Put the PEM text of the authority that signed the certificate of the server into tls.ca, or set tls.server_name to the name in the certificate. If the server does not offer TLS, switch it on.',
        sql: ['SHOW ssl;', 'ALTER SYSTEM SET ssl = on;', 'SELECT pg_reload_conf();'],
      };
    case 'BUSY':
      return {
        text: 'The server is starting, stopping, or holds a lock on what is read. Try again; see what it waits for.',
        sql: [
          "SELECT pid, usename, state, wait_event_type, left(query, 80) FROM pg_stat_activity WHERE wait_event_type = 'Lock';",
        ],
      };
    default:
      return undefined;
  }
}
