import type { Static } from 'typebox';
import { connectionSpec, database, endpoint, login, tls } from '../../spi/index.js';

/** No options map and no URL: what reaches the driver are these fields alone. */
export const postgresqlSpec = connectionSpec('postgresql', {
  ...endpoint(5432),
  ...database(),
  ...login(),
  ...tls(),
});

export type PostgresqlConfig = Static<typeof postgresqlSpec>;
