import { postgresql } from '../../src/connectors/drivers/postgresql.js';
import { describeConnector } from './contract-suite.js';
import { postgresqlSource } from './postgresql-fixture.js';

for (const server of [
  'postgres-12',
  'postgres-13',
  'postgres-14',
  'postgres-15',
  'postgres-16',
  'postgres-17',
] as const)
  describeConnector(postgresql, { server, setUp: () => postgresqlSource({}, [], server) });
