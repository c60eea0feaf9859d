import type { ErrorCode } from '../../../common/app-error.js';
import { TRUST_REMEDY } from '../../families/http/trust-remedy.js';
import type { Remedy } from '../../spi/index.js';
import type { DatabricksConfig } from './spec.js';

/** An identifier as it may stand in a statement. */
export function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** What an administrator of the workspace does about a fault. */
export function remedyFor(
  code: ErrorCode,
  { catalog, client_id: client }: DatabricksConfig,
): Remedy | undefined {
  const account = quote(client ?? 'account');
  const name = quote(catalog ?? 'catalog');
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text:
          client === undefined
            ? 'The token has expired or was revoked. Make a new one under Settings, Developer, Access tokens of the workspace.'
            : 'The client secret has expired or was deleted, or the service principal is not assigned to the workspace. Make a new secret for it in the account console.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the account browse the catalog; that shows all metadata and no rows. An IP access list of the workspace must have the address of this product.',
        sql: [`GRANT USE CATALOG, USE SCHEMA, BROWSE ON CATALOG ${name} TO ${account};`],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: 'The workspace has no such catalog, or no metastore of Unity Catalog is assigned to it. Choose one of the list, or leave the field out to discover all of them.',
        sql: ['SHOW CATALOGS;'],
      };
    case 'THROTTLED':
      return { text: 'The rate limit of the workspace is reached. Wait, or choose a longer interval.' };
    case 'TLS_FAILED':
      return TRUST_REMEDY;
    default:
      return undefined;
  }
}
