import type { ErrorCode } from '../../../common/app-error.js';
import type { Remedy } from '../../spi/index.js';
import type { SqlServerConfig } from './spec.js';

/** An identifier as it may stand in a statement. */
export function quote(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

const literal = (text: string): string => `N'${text.replaceAll("'", "''")}'`;

/** What an administrator of the server does about a fault; the password stands as three dots. */
export function remedyFor(code: ErrorCode, config: SqlServerConfig): Remedy | undefined {
  const azure = 'auth' in config;
  const byToken = azure && config.auth === 'service_principal';
  const user = quote(config.username ?? 'name of the application');
  const use = `USE ${quote(config.database)};`;
  const readable = [`GRANT VIEW DEFINITION TO ${user};`, `ALTER ROLE db_datareader ADD MEMBER ${user};`];
  switch (code) {
    case 'AUTH_FAILED':
      if (byToken)
        return {
          text: 'Check tenant, application and its secret (secrets expire), and that the database has a user for the application. An administrator of Entra ID makes it, connected to this database.',
          sql: [`CREATE USER ${user} FROM EXTERNAL PROVIDER;`, ...readable],
        };
      return {
        text: azure
          ? 'Check user name and password. The login may live in the database alone; made there, it needs no login of the server.'
          : 'Check user name and password, and that the server takes logins by password (mixed mode). The log of the server says why it refused: the state of error 18456.',
        sql: azure
          ? [`CREATE USER ${user} WITH PASSWORD = N'…';`, ...readable]
          : [
              `CREATE LOGIN ${user} WITH PASSWORD = N'…';`,
              `ALTER LOGIN ${user} WITH PASSWORD = N'…' UNLOCK;`,
              `ALTER LOGIN ${user} ENABLE;`,
              use,
              `CREATE USER ${user} FOR LOGIN ${user};`,
              ...readable,
            ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: azure
          ? 'Let the account in and let it read; VIEW DEFINITION is for the text of views and checks. If the firewall of the service keeps us out, add a rule for the address that this product goes out from.'
          : 'Let the account into the database and let it read; VIEW DEFINITION is for the text of views and checks.',
        sql: azure
          ? [...readable, "EXECUTE sp_set_firewall_rule N'datawave', '…', '…';"]
          : [use, `CREATE USER ${user} FOR LOGIN ${user};`, ...readable],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: 'The server has no such database, or the login may not enter it: the server does not say which.',
        sql: [
          'SELECT name FROM sys.databases;',
          `SELECT state_desc FROM sys.databases WHERE name = ${literal(config.database)};`,
          ...(azure ? [] : [use, `CREATE USER ${user} FOR LOGIN ${user};`]),
        ],
      };
    case 'UNREACHABLE':
      return azure
        ? {
            text: 'A database without work may be paused: it wakes up within a minute. Check also that port 1433, and 11000 to 11999 where the connection policy is "redirect", are open from here.',
          }
        : undefined;
    case 'THROTTLED':
      return {
        text: 'All workers or connections of the server are taken, or its tier allows no more. Close idle ones, raise the tier, or lower pool.size.',
        sql: ['SELECT session_id, login_name, status FROM sys.dm_exec_sessions WHERE is_user_process = 1;'],
      };
    case 'TLS_FAILED':
      return {
        text: 'Put the PEM text of the authority that signed the certificate of the server into tls.ca, or set tls.server_name to the name in the certificate. A server without a certificate of its own makes one for each start, which nobody can check: give it one in SQL Server Configuration Manager.',
      };
    default:
      return undefined;
  }
}
