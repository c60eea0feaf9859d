import { isIP } from 'node:net';
import { recordsConnector } from '../families/records/records-connector.js';
import type { ConnectionFault, Remedy } from '../spi/index.js';
import { datasets, scopes } from './mongodb/mongodb-discovery.js';
import { MongoDbLine } from './mongodb/mongodb-line.js';
import { DEFAULT_PORT, mongodbSpec, type MongoDbConfig } from './mongodb/mongodb-spec.js';

function check(config: MongoDbConfig): readonly ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const fault = (pointer: string, code: string, detail: string): void =>
    void faults.push({ pointer, code, detail });
  if (config.auth_mechanism === 'x509') {
    if (config.tls?.client_cert === undefined)
      fault('/tls/client_cert', 'required', 'x509 logs in by a client certificate.');
    if (config.password !== undefined) fault('/password', 'excluded', 'With x509 there is no password.');
    if (config.tls?.mode === 'disable')
      fault('/tls/mode', 'insecure', 'x509 logs in by TLS: it cannot be disabled.');
  } else if (config.username === undefined && config.password !== undefined)
    fault('/username', 'required', 'A password needs its user name.');
  if (config.auth_mechanism === 'plain' && (config.tls?.mode === 'disable' || config.tls?.mode === 'require'))
    fault('/tls/mode', 'insecure', 'plain sends the password itself: it needs a verified line.');
  if (config.srv === true && config.tls?.mode === 'disable')
    fault('/tls/mode', 'insecure', 'A name with SRV records is only used with TLS.');
  if (config.srv === true && isIP(config.host) !== 0)
    fault('/host', 'invalid', 'An SRV record belongs to a name, not to an address.');
  if (config.srv === true && config.others !== undefined)
    fault('/others', 'excluded', 'The SRV record lists the members: leave others out, or srv.');
  return faults;
}

function remedy(
  code: string,
  { username = 'reader', database, auth_source: source = 'admin', read_from: wanted = 'any' }: MongoDbConfig,
): Remedy | undefined {
  const role =
    database === undefined
      ? `{ role: "readAnyDatabase", db: "admin" }`
      : `{ role: "read", db: ${JSON.stringify(database)} }`;
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: `Check the user name, the password, and that the user was made in the database ${source}; else set auth_source to the one that it was made in.`,
        sql: [`db.getSiblingDB(${JSON.stringify(source)}).getUser(${JSON.stringify(username)})`],
      };
    case 'UNSUPPORTED':
      return { text: 'Upgrade the server to MongoDB 4.4 or later; older ones are not read.' };
    case 'BUSY':
      return wanted === 'any'
        ? undefined
        : {
            text: `Wait until the replica set has a ${wanted}; with read_from "any" each member that is up will do.`,
          };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the user read; clusterMonitor is not needed.',
        sql: [
          `db.getSiblingDB(${JSON.stringify(source)}).grantRolesToUser(${JSON.stringify(username)}, [${role}])`,
        ],
      };
    default:
      return undefined;
  }
}

/** MongoDB 4.4 and later: a server, a member of a replica set, or a router. Fields are declared by a validator or inferred from a sample. */
export const mongodb = recordsConnector(
  {
    type: 'mongodb',
    title: 'MongoDB',
    category: 'nosql',
    spec: mongodbSpec,
    concurrency: 'exclusive',
    driver: 'bson',
    check,
    // The members behind an SRV record are found when it is dialled.
    endpoint: ({ host, port = DEFAULT_PORT, srv }) => (srv === true ? undefined : { host, port }),
    remedy,
  },
  { codes: {}, connect: (config, context) => MongoDbLine.open(config, context), scopes, datasets },
);
