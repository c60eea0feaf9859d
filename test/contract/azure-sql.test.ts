import { azureSql } from '../../src/connectors/drivers/azure-sql.js';
import { describeConnector } from './contract-suite.js';
import { checkDatabase, DOUBLE, sqlServerSource, UNPROVEN } from './sqlserver-fixture.js';

describeConnector(azureSql, {
  double: DOUBLE,
  unproven: {
    ...UNPROVEN,
    'login by an application':
      'the token server and the stand-in are ours: Microsoft Entra ID itself has not answered',
  },
  setUp: () => sqlServerSource('azure_sql', { edition: '5', version: '12.0.2000.8' }, checkDatabase),
});
