import type { Static } from 'typebox';
import { connectionSpec, database, endpoint, login, tls } from '../../spi/index.js';

/** The fields of every source that speaks PostgreSQL's protocol. No options map and no URL: nothing else reaches the driver. */
export const postgresqlFields = (port = 5432) => ({
  ...endpoint(port),
  ...database(),
  ...login(),
  ...tls(),
});

export const postgresqlSpec = connectionSpec('postgresql', postgresqlFields());

export type PostgresqlConfig = Omit<Static<typeof postgresqlSpec>, 'type'>;
