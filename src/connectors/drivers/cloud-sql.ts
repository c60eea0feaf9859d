import { Type, type Static } from 'typebox';
import { AppError } from '../../common/app-error.js';
import { googleAccountOf, googleTokens } from '../families/http/google-account.js';
import { connectionSpec, secret, type ConnectionFault, type OpenContext } from '../spi/index.js';
import { engineConnector, engineFields } from './engines.js';

/** The narrowest scope that an instance takes: it logs in and does nothing else. */
const SCOPE = 'https://www.googleapis.com/auth/sqlservice.login';

const spec = connectionSpec('cloud_sql', {
  ...engineFields(['postgresql', 'mysql']),
  auth: Type.Optional(
    Type.Enum(['password', 'iam'], {
      title: 'Login by',
      description:
        'password: that of the database user; iam: a token of the service account, asked for anew for each connection. The user name is then that of the IAM user of the database.',
      default: 'password',
      'x-destination': true,
      'x-group': 'login',
      'x-schema': 'CloudSqlLogin',
    }),
  ),
  service_account: Type.Optional(
    secret('Service account key', {
      description:
        'With iam: the text of a key file of the type service_account, JSON as Google hands it out.',
      'x-widget': 'textarea',
    }),
  ),
});

type CloudSqlConfig = Static<typeof spec>;

/** Each way to log in has its own secret, and a token is sent in clear inside of TLS: never over a line that is not proven. */
function faultsOf({ auth, password, service_account: key, tls }: CloudSqlConfig): ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const fault = (pointer: string, code: string, detail: string): void =>
    void faults.push({ pointer, code, detail });
  if (auth !== 'iam') {
    if (key !== undefined)
      fault(
        '/service_account',
        'excluded',
        'It is for a login by iam: set `auth` to `iam`, or leave it out.',
      );
    return faults;
  }
  if (password !== undefined) fault('/password', 'excluded', 'With iam there is no password.');
  if (tls?.mode === 'disable' || tls?.mode === 'require')
    fault('/tls/mode', 'insecure', 'A login by iam needs a verified line: `verify_full` or `verify_ca`.');
  try {
    if (key !== undefined) googleAccountOf(key);
  } catch (error) {
    fault('/service_account', 'invalid', error instanceof AppError ? error.message : 'It is not valid.');
  }
  return faults;
}

async function loggingIn(config: CloudSqlConfig, context: OpenContext): Promise<CloudSqlConfig> {
  if (config.auth !== 'iam') return config;
  if (config.service_account === undefined)
    throw new AppError(
      'AUTH_FAILED',
      'A login by iam needs the key of a service account: `service_account`.',
    );
  const tokens = googleTokens(googleAccountOf(config.service_account), SCOPE, { tls: config.tls, context });
  return { ...config, password: await tokens.get(context.signal) };
}

/** Google Cloud SQL for PostgreSQL and MySQL, by the address of the instance and a login of the database or by IAM. */
export const cloudSql = engineConnector({
  type: 'cloud_sql',
  title: 'Google Cloud SQL',
  spec,
  check: faultsOf,
  prepare: loggingIn,
  clear: ({ auth }) => auth === 'iam',
});
