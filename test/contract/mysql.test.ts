import { mysql } from '../../src/connectors/drivers/mysql.js';
import { describeConnector } from './contract-suite.js';
import { mysqlSource } from './mysql-fixture.js';

// MariaDB speaks its protocol too; MySQL itself is in mysql-versions.test.ts.
describeConnector(mysql, { server: 'mariadb', setUp: () => mysqlSource('mysql') });
