import { expect } from '@jest/globals';
import { synapse } from '../../src/connectors/drivers/synapse.js';
import { describeConnector } from './contract-suite.js';
import { DOUBLE, sqlServerSource, UNPROVEN } from './sqlserver-fixture.js';

/** A dedicated pool: what a database has beyond its tables is not asked for, for the views do not exist there. */
const UNKNOWN = 208;
const dedicated = {
  edition: '6',
  version: '10.0.23000.0',
  facts: { distribution: [[101, 'HASH', 'id']] },
  refuses: Object.fromEntries(
    ['comments', 'references', 'checks', 'rows', 'sizes', 'temporal', 'sequences'].map((name) => [
      name,
      UNKNOWN,
    ]),
  ),
};

describeConnector(synapse, {
  double: DOUBLE,
  unproven: {
    ...UNPROVEN,
    'login by an application':
      'the token server and the stand-in are ours: Microsoft Entra ID itself has not answered',
    'the serverless pool': 'its catalog is read with fewer statements, which no server has answered',
  },
  setUp: () =>
    sqlServerSource('synapse', dedicated, (found) => {
      const customers = found.get('sales.customers');
      expect(customers).toMatchObject({
        kind: 'table',
        primary_key: { name: 'PK_customers', columns: ['id'] },
        properties: { distribution: 'HASH (id)' },
      });
      expect(customers).not.toHaveProperty('row_estimate');
    }),
});
