import { postgresql } from '../../src/connectors/drivers/postgresql.js';
import { describeConnector } from './contract-suite.js';
import { postgresqlSource } from './postgresql-fixture.js';

describeConnector(postgresql, { server: 'postgres', setUp: postgresqlSource });
