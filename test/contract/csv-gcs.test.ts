import { expect } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { csv } from '../../src/connectors/drivers/csv.js';
import { GcsAdmin } from '../support/gcs-admin.js';
import { servers } from '../support/servers.js';
import { answerFor } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.gcs();
  answerFor('oauth2.googleapis.com', { host: server.host, port: server.tlsPort });
  const admin = new GcsAdmin(server);
  const bucket = `csv-${randomBytes(6).toString('hex')}`;
  await admin.createBucket(bucket);
  await admin.put(bucket, 'in/orders 1+1.csv', 'id,placed_on,note\n1,2024-01-31,a\n2,2024-02-29,\n');
  const gcs = { bucket, ...admin.connection };
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  return {
    connection: { type: 'csv', file_path: 'in/orders 1+1.csv', gcs },
    network: {
      address: server,
      wrongPassword: { gcs: { ...gcs, service_account: admin.keyFile({ private_key: stranger }) } },
      wrongDatabase: { gcs: { ...gcs, bucket: `${bucket}-none` } },
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

describeConnector(csv, {
  server: 'gcs',
  block: 'gcs',
  stateless: true,
  unproven: { tls_require: 'the token server of Google is verified in every mode' },
  setUp,
});
