import { recordsConnector } from '../families/records/records-connector.js';
import type { Remedy } from '../spi/index.js';
import { datasets, scopes } from './cosmos-db/cosmos-discovery.js';
import { CosmosLine } from './cosmos-db/cosmos-line.js';
import { cosmosEndpoint, cosmosFaults, cosmosSpec, type CosmosConfig } from './cosmos-db/cosmos-spec.js';

function remedy(code: string, { account = '<account>', database }: CosmosConfig): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check that account_key is a present key of this account, whole and in base64, and that the account takes keys (disableLocalAuth is false). The clock of this product must be right within 15 minutes.',
        sql: [`az cosmosdb keys list --name ${account} --resource-group <group> --type read-only-keys`],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'The firewall of the account refuses this product: allow its address.',
        sql: [
          `az cosmosdb update --name ${account} --resource-group <group> --ip-range-filter <egress address>`,
        ],
      };
    case 'DATABASE_NOT_FOUND':
      return { text: `The account has no database ${database ?? ''}; names keep their case.` };
    case 'HOST_UNKNOWN':
      return { text: 'Check the name of the account; one of another cloud is given by its host.' };
    default:
      return undefined;
  }
}

/** Azure Cosmos DB for NoSQL: containers with keys and indexing as declared, fields inferred from a few items. */
export const cosmosDb = recordsConnector(
  {
    type: 'cosmos_db',
    title: 'Azure Cosmos DB',
    category: 'nosql',
    spec: cosmosSpec,
    // The list of databases is left by dropping the line, so it serves one caller at a time.
    concurrency: 'exclusive',
    probe: 'metadata',
    endpoint: cosmosEndpoint,
    check: cosmosFaults,
    remedy,
  },
  { codes: {}, connect: (config, context) => CosmosLine.open(config, context), scopes, datasets },
);
