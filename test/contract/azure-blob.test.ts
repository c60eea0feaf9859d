import { randomBytes } from 'node:crypto';
import { azureBlob } from '../../src/connectors/drivers/azure-blob.js';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import { AzureAdmin } from '../support/azure-admin.js';
import { servers } from '../support/servers.js';
import { bucketFacts, OBJECTS } from './bucket-fixture.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.azureBlob();
  const admin = new AzureAdmin(server);
  const container = `lake-${randomBytes(6).toString('hex')}`;
  await admin.createContainer(container, { team: 'sales' });
  for (const [name, text] of Object.entries(OBJECTS)) await admin.put(container, name, text);
  return {
    connection: { type: 'azure_blob', container, ...admin.connection },
    network: {
      address: server,
      wrongPassword: { account_key: randomBytes(64).toString('base64') },
      wrongDatabase: { container: `${container}-none` },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    ...bucketFacts(container),
    tearDown: () => closeParsers(),
  };
}

describeConnector(azureBlob, { server: 'azureBlob', stateless: true, setUp });
