import { Type } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import { awsPath, presignedPath } from '../../families/http/aws-signature.js';
import { secret, text, type ConnectionFault, type TlsConfig } from '../../spi/index.js';

/** AWS refuses longer ones; a connection that is open stays open. */
const TOKEN_S = 900;

/** The block of a connection that logs in by IAM instead of a password. */
export const rdsLogin = () => ({
  iam: Type.Optional(
    Type.Object(
      {
        region: text('Region', {
          description: 'Region of the database, which the token is signed for.',
          pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$',
          examples: ['eu-central-1'],
          'x-destination': true,
        }),
        access_key_id: text('Access key ID', {
          description: 'Of an IAM user that may do rds-db:connect as the user name.',
          'x-destination': true,
        }),
        secret_access_key: Type.Optional(secret('Secret access key')),
        session_token: Type.Optional(secret('Session token', { description: 'Of temporary keys.' })),
      },
      {
        title: 'IAM login',
        description:
          'Logs in by a token of 15 minutes, made anew for each connection, in place of a password.',
        additionalProperties: false,
        'x-group': 'login',
        'x-schema': 'RdsIam',
      },
    ),
  ),
});

export interface RdsConfig {
  readonly host: string;
  readonly port?: number;
  readonly username: string;
  readonly password?: string;
  readonly tls?: TlsConfig;
  readonly iam?: {
    readonly region: string;
    readonly access_key_id: string;
    readonly secret_access_key?: string;
    readonly session_token?: string;
  };
}

/** A password beside IAM, and IAM over a line that is not proven: the token is sent in clear inside of TLS. */
export function rdsFaults({ iam, password, tls }: RdsConfig): ConnectionFault[] {
  if (!iam) return [];
  const faults: ConnectionFault[] = [];
  if (password !== undefined)
    faults.push({ pointer: '/password', code: 'excluded', detail: 'With `iam` there is no password.' });
  if (tls?.mode === 'disable' || tls?.mode === 'require')
    faults.push({
      pointer: '/tls/mode',
      code: 'insecure',
      detail: 'A login by IAM needs a verified line: `verify_full` or `verify_ca`.',
    });
  return faults;
}

/** The connection with what to log in by: a fresh token as its password where it says IAM. */
export function loggingIn<C extends RdsConfig>(config: C, at = new Date()): C {
  return config.iam ? { ...config, password: rdsToken(config, config.iam, at) } : config;
}

/** A token as `aws rds generate-db-auth-token` makes it: a presigned URL without its scheme. Made here, without a call. */
function rdsToken({ host, port, username }: RdsConfig, iam: NonNullable<RdsConfig['iam']>, at: Date): string {
  if (iam.secret_access_key === undefined)
    throw new AppError('AUTH_FAILED', 'A login by IAM needs `iam.secret_access_key`.');
  const address = `${host}:${String(port)}`;
  const path = presignedPath(
    { method: 'GET', host: address, path: awsPath([''], { Action: 'connect', DBUser: username }) },
    {
      key: {
        accessKeyId: iam.access_key_id,
        secretAccessKey: iam.secret_access_key,
        sessionToken: iam.session_token,
      },
      region: iam.region,
      service: 'rds-db',
    },
    { expiresInS: TOKEN_S, at },
  );
  return `${address}${path}`;
}
