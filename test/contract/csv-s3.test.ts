import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { csv } from '../../src/connectors/drivers/csv.js';
import { S3Admin } from '../support/s3-admin.js';
import { servers } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.s3();
  const admin = new S3Admin(server);
  const bucket = `csv-${randomBytes(6).toString('hex')}`;
  await admin.createBucket(bucket);
  await admin.put(bucket, 'in/orders 1+1.csv', 'id,placed_on,note\n1,2024-01-31,a\n2,2024-02-29,\n');
  const s3 = { bucket, ...admin.connection };
  return {
    connection: { type: 'csv', file_path: 'in/orders 1+1.csv', s3 },
    network: {
      address: server,
      wrongPassword: { s3: { ...s3, secret_access_key: `wrong-${randomBytes(8).toString('hex')}` } },
      wrongDatabase: { s3: { ...s3, bucket: `${bucket}-none` } },
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

describeConnector(csv, { server: 's3', block: 's3', stateless: true, setUp });
