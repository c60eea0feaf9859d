import { connectionSpec } from '../spi/index.js';
import { postgresqlRelative } from './postgresql/relatives.js';
import { postgresqlFields } from './postgresql/spec.js';

/** TimescaleDB: PostgreSQL with an extension; hypertables show as what they are there, parents of their chunks. */
export const timescaledb = postgresqlRelative({
  type: 'timescaledb',
  title: 'TimescaleDB',
  spec: connectionSpec('timescaledb', postgresqlFields()),
});
