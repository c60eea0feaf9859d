import { beforeAll } from '@jest/globals';
import { postgresql } from '../../src/connectors/drivers/postgresql.js';
import { isInstalled, servers, START_MS } from '../support/servers.js';
import { describeConnector } from './contract-suite.js';
import { postgresqlSource } from './postgresql-fixture.js';

const VERSIONS = [
  'postgres-12',
  'postgres-13',
  'postgres-14',
  'postgres-15',
  'postgres-16',
  'postgres-17',
] as const;

// Side by side: one after the other they would start in twice the time.
beforeAll(async () => {
  await Promise.all(VERSIONS.filter(isInstalled).map((name) => servers[name]()));
}, START_MS);

for (const server of VERSIONS)
  describeConnector(postgresql, {
    server,
    versionOnly: true,
    setUp: () => postgresqlSource({}, [], server),
  });
