import { defineConnector, type Remedy } from '../spi/index.js';
import { openElastic } from './elasticsearch/elastic-session.js';
import { opensearchSpec } from './elasticsearch/elastic-spec.js';

const ROLE =
  '{"cluster_permissions":["cluster_monitor"],"index_permissions":[{"index_patterns":["*"],"allowed_actions":["indices_monitor","indices:admin/get","indices:admin/resolve/index","indices:admin/data_stream/get"]}]}';

function remedy(code: string, { username }: { readonly username?: string }): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text:
          username === undefined
            ? 'The cluster wants a login: give the user name and the password.'
            : 'Check the user name and the password, and that the account is one of the internal users or of the directory.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Map the account to this role. It lets nobody read a document.',
        sql: [
          `PUT /_plugins/_security/api/roles/datawave_reader ${ROLE}`,
          `PUT /_plugins/_security/api/rolesmapping/datawave_reader {"users":["${username ?? 'datawave_reader'}"]}`,
        ],
      };
    case 'PROTOCOL':
      return { text: 'Give the port of the REST interface, not the one of transport.' };
    default:
      return undefined;
  }
}

/** OpenSearch, and Elasticsearch 7 whose interface it has: indices and data streams with their mappings. */
export const opensearch = defineConnector({
  type: 'opensearch',
  title: 'OpenSearch',
  category: 'nosql',
  spec: opensearchSpec,
  capabilities: ['discover'],
  concurrency: 'shared',
  open: openElastic,
  remedy,
});
