import { connectionSpec } from '../spi/index.js';
import { loggingIn, rdsFaults, rdsLogin, type RdsConfig } from './aws/rds-login.js';
import { connectLine } from './mysql/login.js';
import { mysqlRelative } from './mysql/relatives.js';
import { mysqlFields, type MysqlConfig } from './mysql/spec.js';

/** Amazon Aurora with MySQL's protocol, by a password or by IAM. */
export const auroraMysql = mysqlRelative({
  type: 'aurora_mysql',
  title: 'Amazon Aurora MySQL',
  spec: connectionSpec('aurora_mysql', { ...mysqlFields(), ...rdsLogin() }),
  check: rdsFaults,
  connect: (config: MysqlConfig & RdsConfig, context) =>
    connectLine(loggingIn(config), context, { clear: config.iam !== undefined }),
});
