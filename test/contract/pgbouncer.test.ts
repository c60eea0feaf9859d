import { expect, test } from '@jest/globals';
import { postgresql } from '../../src/connectors/drivers/postgresql.js';
import { describeOn } from '../support/servers.js';
import { openSession } from './contract-source.js';
import { describeConnector } from './contract-suite.js';
import { postgresqlSource } from './postgresql-fixture.js';

describeConnector(postgresql, {
  server: 'pgbouncer',
  through: 'PgBouncer 1.18',
  setUp: () => postgresqlSource({}, [], 'pgbouncer'),
});

describeOn(['pgbouncer', 'postgres-17'], 'a pooler', () => {
  test.each([
    ['pgbouncer', { pooled: true }],
    ['postgres-17', {}],
  ] as const)('is shown by a test where one lies between: %s', async (server, more) => {
    const source = await postgresqlSource({}, [], server);
    const steps = new Map<string, unknown>();
    const onStep = (step: string, detail: unknown): void => void steps.set(step, detail);
    const session = await openSession(postgresql, source.connection, { onStep });
    const { version } = session.server;
    await session.close();
    await source.tearDown();
    expect(steps.get('database')).toEqual({ version, ...more });
  });
});
