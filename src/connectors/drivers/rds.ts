import type { Static } from 'typebox';
import { connectionSpec } from '../spi/index.js';
import { loggingIn, rdsFaults, rdsLogin } from './aws/rds-login.js';
import { engineConnector, engineFields } from './engines.js';

const spec = connectionSpec('rds', { ...engineFields(['postgresql', 'mysql', 'mariadb']), ...rdsLogin() });

/** Amazon RDS for PostgreSQL, MySQL and MariaDB, by a password or by IAM. */
export const rds = engineConnector({
  type: 'rds',
  title: 'Amazon RDS',
  spec,
  check: rdsFaults,
  prepare: (config: Static<typeof spec>) => loggingIn(config),
  clear: ({ iam }) => iam !== undefined,
});
