import { connectionSpec } from '../spi/index.js';
import { postgresqlRelative } from './postgresql/relatives.js';
import { postgresqlFields } from './postgresql/spec.js';

/** AlloyDB for PostgreSQL, by its address and a login of its own. */
export const alloydb = postgresqlRelative({
  type: 'alloydb',
  title: 'AlloyDB for PostgreSQL',
  spec: connectionSpec('alloydb', postgresqlFields()),
});
