import { sqlConnector } from '../families/sql/sql-connector.js';
import type { ConnectionFault } from '../spi/index.js';
import { cassandraCatalog } from './cassandra/catalog.js';
import { CassandraLine } from './cassandra/line.js';
import { remedyFor } from './cassandra/remedies.js';
import { cassandraSpec, type CassandraConfig } from './cassandra/spec.js';
import { quote } from './cassandra/types.js';

function check({ username, password }: CassandraConfig): readonly ConnectionFault[] {
  if (username !== undefined || password === undefined) return [];
  return [{ pointer: '/username', code: 'required', detail: 'A password needs its user name.' }];
}

/** Apache Cassandra 3.0 and later, over the native protocol of CQL: one node answers for the whole catalog. */
export const cassandra = sqlConnector(
  {
    type: 'cassandra',
    title: 'Apache Cassandra',
    category: 'nosql',
    spec: cassandraSpec,
    concurrency: 'exclusive',
    check,
    remedy: remedyFor,
  },
  {
    codes: {},
    connect: (config, context) => CassandraLine.open(config, context),
    quote,
    catalog: cassandraCatalog,
  },
);
