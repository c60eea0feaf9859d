import { sqlConnector } from '../families/sql/sql-connector.js';
import { sqlServerCatalog } from './sqlserver/catalog.js';
import { SQLSERVER_CODES } from './sqlserver/codes.js';
import { connectLine } from './sqlserver/login.js';
import { quote, remedyFor } from './sqlserver/remedies.js';
import { azureFaults, azureSqlSpec } from './sqlserver/spec.js';

/** Azure SQL Database and Managed Instance. */
export const azureSql = sqlConnector(
  {
    type: 'azure_sql',
    title: 'Azure SQL',
    category: 'sql',
    spec: azureSqlSpec,
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
