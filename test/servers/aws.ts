import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { startFront } from './front.js';
import { answers, filesIn, freePort, ServerProcess } from './server-process.js';
import type { AwsTestServer, Running } from './server-types.js';

/** Requests that are taken without credentials: those that make the first user. */
const FIRST_REQUESTS = [
  { Action: 'CreateUser' },
  {
    Action: 'PutUserPolicy',
    PolicyName: 'everything',
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    }),
  },
  { Action: 'CreateAccessKey' },
];

/**
 * Starts moto: the services of AWS (STS, IAM, RDS, Glue, Kinesis …) in memory, which checks signatures and policies.
 */
export async function startAws(folder: string): Promise<Running<AwsTestServer>> {
  filesIn(folder);
  const to = await freePort();
  const region = 'us-east-1';
  const python = cached('python', 'bin', 'python');
  const command = [python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(to)];
  const running = await ServerProcess.start(command, join(folder, 'aws.log'), {
    INITIAL_NO_AUTH_ACTION_COUNT: String(FIRST_REQUESTS.length),
    AWS_DEFAULT_REGION: region,
    HOME: folder,
    TMPDIR: folder,
    PYTHONDONTWRITEBYTECODE: '1',
  });
  const url = `http://127.0.0.1:${String(to)}/`;
  await running.untilReady(() => answers(`${url}moto-api/`));
  const answer = await firstAnswers(url);
  const [, accessKey = ''] = /<AccessKeyId>(.*)<\/AccessKeyId>/.exec(answer) ?? [];
  const [, secretKey = ''] = /<SecretAccessKey>(.*)<\/SecretAccessKey>/.exec(answer) ?? [];
  const tls = makeTlsMaterial();
  const front = await startFront({ to, tls });
  const { port, tlsPort } = front;
  return {
    server: { host: '127.0.0.1', port, tlsPort, tls, region, accessKey, secretKey, pid: running.pid },
    stop: async () => {
      await front.close();
      await running.stop();
    },
  };
}

/** The answer to the last of the first requests. */
async function firstAnswers(url: string): Promise<string> {
  let text = '';
  for (const request of FIRST_REQUESTS) {
    // It looks only for the service.
    const scope = 'Credential=none/20200101/us-east-1/iam/aws4_request';
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none` },
      body: new URLSearchParams({ ...request, UserName: 'admin', Version: '2010-05-08' }),
    });
    text = await answer.text();
    if (!answer.ok) throw new Error(text);
  }
  return text;
}
