import { generateKeyPairSync } from 'node:crypto';
import type {
  AwsTestServer,
  AzureBlobTestServer,
  GcsTestServer,
  S3TestServer,
} from '../../servers/server-types.js';
import { fetchAws, fetchAzureContainers, fetchGoogleToken } from '../signatures.js';
import type { Check } from './check.js';

export const s3: Check<S3TestServer> = {
  accepted: async ({ host, port, accessKey, secretKey, region }) => {
    const url = `http://${host}:${String(port)}/`;
    return (await fetchAws({ url, service: 's3', region, accessKey, secretKey })).status;
  },
  expected: 200,
  refused: (server) => s3.accepted({ ...server, secretKey: 'wrong' }),
};

export const azureBlob: Check<AzureBlobTestServer> = {
  accepted: async ({ host, port, account, accountKey }) =>
    (await fetchAzureContainers(`http://${host}:${String(port)}/${account}`, account, accountKey)).status,
  expected: 200,
  refused: (server) => azureBlob.accepted({ ...server, accountKey: 'd3Jvbmc=' }),
};

export const gcs: Check<GcsTestServer> = {
  accepted: async ({ host, port, serviceAccount }) => {
    const token = await fetchGoogleToken(serviceAccount);
    const url = `http://${host}:${String(port)}/storage/v1/b?project=test-project`;
    return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
  },
  expected: 200,
  refused: (server) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return gcs.accepted({ ...server, serviceAccount: { ...server.serviceAccount, private_key } });
  },
};

export const aws: Check<AwsTestServer> = {
  accepted: async ({ host, port, region, accessKey, secretKey }) => {
    const answer = await fetchAws({
      url: `http://${host}:${String(port)}/`,
      method: 'POST',
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      ...{ service: 'sts', region, accessKey, secretKey },
    });
    return answer.ok ? (await answer.text()).includes('user/admin') : answer.status;
  },
  expected: true,
  refused: (server) => aws.accepted({ ...server, secretKey: 'wrong' }),
};
