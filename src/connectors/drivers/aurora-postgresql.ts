import { connectionSpec } from '../spi/index.js';
import { loggingIn, rdsFaults, rdsLogin } from './aws/rds-login.js';
import { connectLine } from './postgresql/login.js';
import { postgresqlRelative } from './postgresql/relatives.js';
import { postgresqlFields } from './postgresql/spec.js';

/** Amazon Aurora with PostgreSQL's protocol, by a password or by IAM. */
export const auroraPostgresql = postgresqlRelative({
  type: 'aurora_postgresql',
  title: 'Amazon Aurora PostgreSQL',
  spec: connectionSpec('aurora_postgresql', { ...postgresqlFields(), ...rdsLogin() }),
  check: rdsFaults,
  connect: (config, context) => connectLine(loggingIn(config), context),
});
