import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { csv } from '../../src/connectors/drivers/csv.js';
import { AzureAdmin } from '../support/azure-admin.js';
import { servers } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.azureBlob();
  const admin = new AzureAdmin(server);
  const container = `csv-${randomBytes(6).toString('hex')}`;
  await admin.createContainer(container);
  await admin.put(container, 'in/orders 1+1.csv', 'id,placed_on,note\n1,2024-01-31,a\n2,2024-02-29,\n');
  const azure_blob = { container, ...admin.connection };
  return {
    connection: { type: 'csv', file_path: 'in/orders 1+1.csv', azure_blob },
    network: {
      address: server,
      wrongPassword: { azure_blob: { ...azure_blob, account_key: randomBytes(64).toString('base64') } },
      wrongDatabase: { azure_blob: { ...azure_blob, container: `${container}-none` } },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: ['files'],
    datasets: ['files.in/orders 1+1.csv'],
    filter: { include: ['files.*'], exclude: ['*.csv'], leaves: [] },
    check(found) {
      const dataset = found.get('files.in/orders 1+1.csv');
      expect(dataset).toMatchObject({ kind: 'file', row_estimate: 2, size_bytes: 47 });
      expect(dataset?.fields.map(({ name, type }) => [name, type])).toEqual([
        ['id', 'integer'],
        ['placed_on', 'date'],
        ['note', 'string'],
      ]);
    },
    tearDown: () => Promise.resolve(),
  };
}

describeConnector(csv, { server: 'azureBlob', block: 'azure_blob', stateless: true, setUp });
