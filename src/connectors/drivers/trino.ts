import { sqlConnector } from '../families/sql/sql-connector.js';
import { trinoCatalog } from './trino/catalog.js';
import { TRINO_CODES } from './trino/codes.js';
import { TrinoLine } from './trino/line.js';
import { quote } from './trino/queries.js';
import { remedyFor } from './trino/remedies.js';
import { trinoSpec } from './trino/spec.js';

/** Trino 354 and later, and what speaks its protocol, such as Starburst. */
export const trino = sqlConnector(
  {
    type: 'trino',
    title: 'Trino',
    category: 'sql',
    spec: trinoSpec,
    concurrency: 'shared',
    check: ({ password, access_token: token }) =>
      password !== undefined && token !== undefined
        ? [
            {
              pointer: '/access_token',
              code: 'exclusive',
              detail: 'Give a password or an access token, not both.',
            },
          ]
        : [],
    remedy: remedyFor,
  },
  {
    codes: TRINO_CODES,
    connect: (config, context) => TrinoLine.connect(config, context),
    quote,
    catalog: trinoCatalog,
  },
);
