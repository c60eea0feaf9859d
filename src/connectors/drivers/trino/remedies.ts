import type { ErrorCode } from '../../../common/app-error.js';
import type { Remedy } from '../../spi/index.js';
import { literal } from './line.js';
import { quote } from './queries.js';
import type { TrinoConfig } from './spec.js';

/** What an administrator of the cluster does about a fault. */
export function remedyFor(code: ErrorCode, { catalog, username }: TrinoConfig): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check user name and password, or whether the access token has expired, and that http-server.authentication.type of the coordinator has PASSWORD or JWT. Trino takes passwords over TLS only.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the user see the tables: in the rules of the access control of the cluster (SELECT on the tables, and on system.metadata), or by a grant where the catalog has roles of its own. A token may stand for its own user name only.',
        sql: [`GRANT SELECT ON SCHEMA ${quote(catalog ?? 'catalog')}."schema" TO USER ${quote(username)}`],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: 'The cluster has no such catalog, or the user may not see it. Choose one of the list, or leave the field out to discover all of them.',
        sql: [
          'SHOW CATALOGS',
          ...(catalog === undefined ? [] : [`SHOW CATALOGS LIKE ${literal(`%${catalog}%`)}`]),
        ],
      };
    case 'THROTTLED':
      return {
        text: 'The queue of the resource group of the user is full, or the cluster is starting. Raise maxQueued of the group, or choose a longer interval.',
      };
    default:
      return undefined;
  }
}
