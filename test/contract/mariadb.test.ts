import { mariadb } from '../../src/connectors/drivers/mariadb.js';
import { describeConnector } from './contract-suite.js';
import { mysqlSource } from './mysql-fixture.js';

describeConnector(mariadb, { server: 'mariadb', setUp: () => mysqlSource('mariadb') });
