import type { Static } from 'typebox';
import { connectionSpec, database, endpoint, login, tls } from '../../spi/index.js';
import { Type } from 'typebox';

/** No options map, no flags and no URL: what reaches the driver are these fields alone. */
export const mysqlFields = (port = 3306) => ({
  ...endpoint(port),
  database: Type.Optional(
    database({
      description: 'The one database (schema) to discover; without it, all that the account may see.',
    }).database,
  ),
  ...login(),
  ...tls(),
});

export const mysqlSpec = connectionSpec('mysql', mysqlFields());
export const mariadbSpec = connectionSpec('mariadb', mysqlFields());

/** The connection of both types; they differ in their name alone. */
export type MysqlConfig = Omit<Static<typeof mysqlSpec>, 'type'>;
