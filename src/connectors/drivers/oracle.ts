import { sqlConnector } from '../families/sql/sql-connector.js';
import { oracleCatalog } from './oracle/catalog.js';
import { oracleClient, type OracleClient } from './oracle/client.js';
import { ORACLE_CODES } from './oracle/codes.js';
import { connectLine } from './oracle/login.js';
import { quote, remedyFor } from './oracle/remedies.js';
import { oracleFaults, oracleSpec } from './oracle/spec.js';

/** @param client opens the connections; another one only where there is no server to be had. */
export const oracleOver = (client: OracleClient) =>
  sqlConnector(
    {
      type: 'oracle',
      title: 'Oracle Database',
      category: 'sql',
      spec: oracleSpec,
      concurrency: 'exclusive',
      driver: 'oracledb',
      check: oracleFaults,
      remedy: remedyFor,
    },
    {
      codes: ORACLE_CODES,
      connect: (config, context) => connectLine(config, context, client),
      quote,
      catalog: oracleCatalog,
    },
  );

/** Oracle Database 12.1 and later, without Oracle's own client. */
export const oracle = oracleOver(oracleClient);
