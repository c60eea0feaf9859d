import type { ErrorCode } from '../../../common/app-error.js';
import type { Remedy } from '../../spi/index.js';
import type { CassandraConfig } from './spec.js';
import { literal, quote } from './types.js';

/** What an administrator of the cluster does about a fault. */
export function remedyFor(
  code: ErrorCode,
  { username = 'datawave_reader', keyspace }: CassandraConfig,
): Remedy | undefined {
  const role = quote(username);
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check the user name, in its exact case, and the password, and that the role exists and may log in. Where there is none yet, the first statement makes it, with a password of your choice.',
        sql: [
          `CREATE ROLE IF NOT EXISTS ${role} WITH PASSWORD = '<password>' AND LOGIN = true`,
          `ALTER ROLE ${role} WITH LOGIN = true`,
        ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the role read the catalog; no right to the tables themselves is needed. With the last one the estimates of sizes are read as well.',
        sql: [
          `GRANT SELECT ON KEYSPACE system_schema TO ${role}`,
          `GRANT SELECT ON system.local TO ${role}`,
          `GRANT SELECT ON system.size_estimates TO ${role}`,
        ],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: 'The cluster has no such keyspace. Choose one of the list, in its exact case, or leave the field out to discover all of them.',
        sql: [
          'SELECT keyspace_name FROM system_schema.keyspaces',
          ...(keyspace === undefined
            ? []
            : [
                `SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ${literal(keyspace.toLowerCase())}`,
              ]),
        ],
      };
    case 'PROTOCOL':
      return {
        text: 'Check that host and port are those of native_transport_port (9042), not of the storage between nodes (7000), and that tls.mode fits: a server that takes TLS alone does not answer in clear.',
      };
    default:
      return undefined;
  }
}
