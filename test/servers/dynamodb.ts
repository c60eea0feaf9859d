import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTlsMaterial } from '../support/certificates.js';
import { awsSignature } from './aws-signature.js';
import { cached } from './cache.js';
import { startFront, type Refusal } from './front.js';
import { jarsIn, java } from './java.js';
import { answers, filesIn, freePort, ServerProcess } from './server-process.js';
import type { AwsTestServer, Running } from './server-types.js';

/**
 * Starts DynamoDB Local, of Amazon, in memory. It takes any secret, so a front checks the signatures, and only then
 * passes a request on.
 */
export async function startDynamoDb(folder: string): Promise<Running<AwsTestServer>> {
  filesIn(folder);
  const jars = cached('maven', 'dynamodb');
  const source = fileURLToPath(new URL('java/DynamoDbOnLoopback.java', import.meta.url));
  const to = await freePort();
  const command = java(
    folder,
    192,
    `-Djava.library.path=${jars}`,
    ...['-cp', jarsIn(jars), source],
    ...['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(to)],
  );
  const running = await ServerProcess.start(command, join(folder, 'dynamodb.log'), { HOME: folder });
  await running.untilReady(() => answers(`http://127.0.0.1:${String(to)}/`), 120_000);
  const [accessKey, secretKey] = [
    randomBytes(10).toString('hex').toUpperCase(),
    randomBytes(20).toString('hex'),
  ];
  const tls = makeTlsMaterial();
  const refuse = (request: IncomingMessage, body: Buffer): Refusal | undefined =>
    refusalOf(request, body, { accessKey, secretKey });
  const front = await startFront({ to, tls, refuse });
  const { port, tlsPort } = front;
  return {
    server: {
      host: '127.0.0.1',
      port,
      tlsPort,
      tls,
      region: 'us-east-1',
      accessKey,
      secretKey,
      pid: running.pid,
    },
    stop: async () => {
      await front.close();
      await running.stop();
    },
  };
}

const refusal = (type: string, message: string): Refusal => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message }),
});

/** What Amazon's own server says about credentials that it does not take. */
function refusalOf(
  request: IncomingMessage,
  body: Buffer,
  keys: { accessKey: string; secretKey: string },
): Refusal | undefined {
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(.+)$/.exec(
      request.headers.authorization ?? '',
    );
  if (!given) return refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, accessKey, scope = '', names = '', signature] = given;
  if (accessKey !== keys.accessKey)
    return refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
  const headers = Object.fromEntries(
    names.split(';').map((name) => [name, String(request.headers[name] ?? '')]),
  );
  const parts = { method: request.method ?? '', path: request.url ?? '', body, headers, scope };
  if (awsSignature(parts, keys.secretKey) === signature) return undefined;
  return refusal(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  );
}
