import { auroraMysql } from '../../src/connectors/drivers/aurora-mysql.js';
import { rds } from '../../src/connectors/drivers/rds.js';
import { tidb } from '../../src/connectors/drivers/tidb.js';
import { describeConnector } from './contract-suite.js';
import { mysqlSource } from './mysql-fixture.js';

for (const definition of [auroraMysql, tidb])
  describeConnector(definition, {
    server: 'mariadb',
    unproven: { service: 'MariaDB answers in its place: what only the service does is not shown.' },
    setUp: () => mysqlSource(definition.type),
  });

describeConnector(rds, {
  server: 'mariadb',
  unproven: { service: 'MariaDB answers in its place: what only the service does is not shown.' },
  setUp: () => mysqlSource('rds', { engine: 'mariadb' }),
});
