import { connectionSpec } from '../spi/index.js';
import { mysqlRelative } from './mysql/relatives.js';
import { mysqlFields } from './mysql/spec.js';

/** TiDB over MySQL's protocol. */
export const tidb = mysqlRelative({
  type: 'tidb',
  title: 'TiDB',
  spec: connectionSpec('tidb', mysqlFields(4000)),
});
