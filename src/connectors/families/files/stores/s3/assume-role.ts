import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import { elsewhere } from '../../../../spi/index.js';
import { signedHeaders, type AwsKey } from '../../../http/aws-signature.js';
import { HttpLine, httpServer } from '../../../http/http-line.js';
import { SharedToken, type TimedToken } from '../../../http/shared-token.js';
import { parseXml, textAt } from '../../../http/xml.js';
import { s3Fault } from './s3-faults.js';
import { awsHost, type S3Config } from './s3-spec.js';

const SESSION_S = 3_600;

/** Keys of a role, by STS AssumeRole with the keys of the connection; a service other than AWS is asked at its own host. */
export function roleKeys(config: S3Config, key: AwsKey, context: OpenContext): SharedToken<AwsKey> {
  return new SharedToken((signal) => assumeRole(config, key, { ...elsewhere(context), signal }));
}

async function assumeRole(config: S3Config, key: AwsKey, context: OpenContext): Promise<TimedToken<AwsKey>> {
  const { region = 'us-east-1', tls, host, port } = config;
  const server = httpServer({
    host: host ?? awsHost('sts', region),
    ...(port === undefined ? {} : { port }),
    ...(tls ? { tls } : {}),
  });
  const line = await HttpLine.over({ ...server, sockets: 1 }, context);
  try {
    const body = new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: config.role_arn ?? '',
      RoleSessionName: 'datawave-data-sources',
      DurationSeconds: String(SESSION_S),
      ...(config.external_id === undefined ? {} : { ExternalId: config.external_id }),
    }).toString();
    const headers = signedHeaders(
      {
        method: 'POST',
        host: line.host,
        path: '/',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      },
      { key, region, service: 'sts' },
    );
    const answer = await line.call({ method: 'POST', path: '/', headers, body, signal: context.signal });
    if (answer.status !== 200) throw s3Fault(answer);
    const given = parseXml(answer.body).children.find(({ name }) => name === 'AssumeRoleResult');
    const text = (name: string): string | undefined => textAt(given, 'Credentials', name);
    const [accessKeyId, secretAccessKey] = [text('AccessKeyId'), text('SecretAccessKey')];
    if (accessKeyId === undefined || secretAccessKey === undefined)
      throw new AppError('PROTOCOL', 'The token service gave no keys.');
    const ends = Date.parse(text('Expiration') ?? '');
    return {
      token: { accessKeyId, secretAccessKey, sessionToken: text('SessionToken') },
      livesS: Number.isNaN(ends) ? SESSION_S : (ends - Date.now()) / 1_000,
    };
  } finally {
    await line.close();
  }
}
