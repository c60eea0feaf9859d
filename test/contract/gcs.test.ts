import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { gcs } from '../../src/connectors/drivers/gcs.js';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import { GcsAdmin } from '../support/gcs-admin.js';
import { servers } from '../support/servers.js';
import { bucketFacts, OBJECTS } from './bucket-fixture.js';
import { answerFor } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.gcs();
  answerFor('oauth2.googleapis.com', { host: server.host, port: server.tlsPort });
  const admin = new GcsAdmin(server);
  const bucket = `lake-${randomBytes(6).toString('hex')}`;
  await admin.createBucket(bucket);
  for (const [key, text] of Object.entries(OBJECTS)) await admin.put(bucket, key, text);
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  return {
    connection: { type: 'gcs', bucket, ...admin.connection },
    network: {
      address: server,
      wrongPassword: { service_account: admin.keyFile({ private_key: stranger }) },
      wrongDatabase: { bucket: `${bucket}-none` },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    ...bucketFacts(bucket),
    tearDown: () => closeParsers(),
  };
}

describeConnector(gcs, {
  server: 'gcs',
  stateless: true,
  unproven: { tls_require: 'the token server of Google is verified in every mode' },
  setUp,
});
