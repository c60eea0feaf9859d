import { sqlConnector } from '../families/sql/sql-connector.js';
import { sqlServerCatalog } from './sqlserver/catalog.js';
import { SQLSERVER_CODES } from './sqlserver/codes.js';
import { connectLine } from './sqlserver/login.js';
import { quote, remedyFor } from './sqlserver/remedies.js';
import { sqlserverSpec } from './sqlserver/spec.js';

/** SQL Server 2016 and later. */
export const sqlserver = sqlConnector(
  {
    type: 'sqlserver',
    title: 'SQL Server',
    category: 'sql',
    spec: sqlserverSpec,
    concurrency: 'exclusive',
    driver: 'tedious',
    remedy: remedyFor,
  },
  {
    codes: SQLSERVER_CODES,
    connect: (config, context) => connectLine(config, context),
    quote,
    catalog: sqlServerCatalog,
  },
);
