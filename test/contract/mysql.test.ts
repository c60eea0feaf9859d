import { mysql } from '../../src/connectors/drivers/mysql.js';
import { describeConnector } from './contract-suite.js';
import { mysqlSource } from './mysql-fixture.js';

// No MySQL can be installed from Debian: MariaDB speaks its protocol. What only MySQL 8 does stays unproven here:
// caching_sha2_password on a real server, and its own views (TABLE_CONSTRAINTS for checks, EXPRESSION of indexes).
describeConnector(mysql, { server: 'mariadb', setUp: () => mysqlSource('mysql') });
