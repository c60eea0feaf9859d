import { sqlConnector } from '../families/sql/sql-connector.js';
import { sqlServerCatalog } from './sqlserver/catalog.js';
import { SQLSERVER_CODES } from './sqlserver/codes.js';
import { connectLine } from './sqlserver/login.js';
import { quote, remedyFor } from './sqlserver/remedies.js';
import { azureFaults, synapseSpec } from './sqlserver/spec.js';

/** Azure Synapse Analytics: dedicated pools and the serverless one. */
export const synapse = sqlConnector(
  {
    type: 'synapse',
    title: 'Azure Synapse Analytics',
    category: 'warehouse',
    spec: synapseSpec,
    concurrency: 'exclusive',
    driver: 'tedious',
    check: azureFaults,
    remedy: remedyFor,
  },
  {
    codes: SQLSERVER_CODES,
    connect: (config, context) => connectLine(config, context),
    quote,
    catalog: sqlServerCatalog,
  },
);
