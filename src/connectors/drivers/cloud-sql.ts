import { connectionSpec } from '../spi/index.js';
import { engineConnector, engineFields } from './engines.js';

/** Google Cloud SQL for PostgreSQL and MySQL, by the address of the instance and a login of the database. */
export const cloudSql = engineConnector({
  type: 'cloud_sql',
  title: 'Google Cloud SQL',
  spec: connectionSpec('cloud_sql', engineFields(['postgresql', 'mysql'])),
});
