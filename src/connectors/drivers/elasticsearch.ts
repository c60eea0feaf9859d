import { defineConnector, type Remedy } from '../spi/index.js';
import { openElastic } from './elasticsearch/elastic-session.js';
import { elasticsearchFaults, elasticsearchSpec } from './elasticsearch/elastic-spec.js';

const ROLE =
  '{"cluster":["monitor"],"indices":[{"names":["*"],"privileges":["view_index_metadata","monitor"]}]}';

function remedy(code: string): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check the user name and the password, or that the API key or the token is neither over nor invalidated.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Give the account, or the API key, this role. It lets nobody read a document.',
        sql: [`PUT /_security/role/datawave_reader ${ROLE}`],
      };
    case 'PROTOCOL':
      return {
        text: 'Give the port of the REST interface of Elasticsearch 8 or 9, not the one of transport.',
      };
    default:
      return undefined;
  }
}

/** Elasticsearch 8 and 9: indices and data streams with their mappings. Documents are never read. */
export const elasticsearch = defineConnector({
  type: 'elasticsearch',
  title: 'Elasticsearch',
  category: 'nosql',
  spec: elasticsearchSpec,
  capabilities: ['discover'],
  concurrency: 'shared',
  check: elasticsearchFaults,
  open: openElastic,
  remedy,
});
