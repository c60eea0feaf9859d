import { mysql } from '../../src/connectors/drivers/mysql.js';
import { describeConnector } from './contract-suite.js';
import { mysqlSource } from './mysql-fixture.js';

// MariaDB speaks its protocol too; MySQL 8 itself is in mysql-8.test.ts.
describeConnector(mysql, { server: 'mariadb', setUp: () => mysqlSource('mysql') });
