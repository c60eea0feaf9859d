import { sqlserver } from '../../src/connectors/drivers/sqlserver.js';
import { describeConnector } from './contract-suite.js';
import { checkDatabase, DOUBLE, sqlServerSource, UNPROVEN } from './sqlserver-fixture.js';

describeConnector(sqlserver, {
  double: DOUBLE,
  unproven: UNPROVEN,
  setUp: () => sqlServerSource('sqlserver', { edition: '3' }, checkDatabase),
});
