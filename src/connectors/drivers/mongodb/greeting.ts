import { AppError } from '../../../common/app-error.js';
import { expectOk } from './codes.js';
import type { MongoDbConfig } from './mongodb-spec.js';
import type { Document, Wire } from './wire.js';

/** Wire version of MongoDB 4.4. */
const MIN_WIRE = 9;
const COMMAND_NOT_FOUND = 59;

/** What a server is in its deployment. The last three hold nothing to read, or are not to be read. */
export type Role = 'single server' | 'router' | 'primary' | 'secondary' | 'arbiter' | 'hidden' | 'recovering';

/** What a server says of itself before any login. */
export interface Greeting {
  readonly role: Role;
  /** Members that hold data and are not hidden, as the server names them, the primary first; none of a router. */
  readonly members: readonly string[];
  /** Mechanisms of SCRAM that the user has, where it was asked. */
  readonly mechanisms: readonly string[];
}

/** Asks a server what it is. @throws AppError UNSUPPORTED for one that is too old. */
export async function greet(wire: Wire, config: MongoDbConfig): Promise<Greeting> {
  const { username, auth_source: source = 'admin', auth_mechanism: mechanism } = config;
  const asks = username !== undefined && mechanism === undefined;
  const facts = {
    client: {
      driver: { name: 'datawave', version: '1' },
      os: { type: process.platform },
      application: { name: 'datawave' },
    },
    ...(asks ? { saslSupportedMechs: `${source}.${username}` } : {}),
  };
  let answer = await wire.command('admin', { hello: 1, ...facts });
  // `hello` came with 4.4.2; an older server has its old name.
  if (Number(answer.code) === COMMAND_NOT_FOUND)
    answer = await wire.command('admin', { isMaster: 1, ...facts });
  const hello = expectOk(answer);
  const spoken = Number(hello.maxWireVersion ?? 0);
  if (!(spoken >= MIN_WIRE))
    throw new AppError(
      'UNSUPPORTED',
      `The server is older than MongoDB 4.4: it speaks wire version ${String(spoken)}, and ${String(MIN_WIRE)} is the least that is read.`,
      { hint: 'Upgrade the server to MongoDB 4.4 or later.' },
    );
  const mechanisms = Array.isArray(hello.saslSupportedMechs) ? hello.saslSupportedMechs.map(String) : [];
  return { role: roleOf(hello), members: membersOf(hello), mechanisms };
}

function roleOf(hello: Document): Role {
  if (hello.msg === 'isdbgrid') return 'router';
  if (hello.hidden === true) return 'hidden';
  if (hello.arbiterOnly === true) return 'arbiter';
  if (typeof hello.setName === 'string') {
    if (hello.isWritablePrimary === true || hello.ismaster === true) return 'primary';
    return hello.secondary === true ? 'secondary' : 'recovering';
  }
  // A member whose set was not initiated yet.
  return hello.isreplicaset === true ? 'recovering' : 'single server';
}

const membersOf = ({ primary, hosts, passives }: Document): string[] => [
  ...new Set([primary ?? [], hosts ?? [], passives ?? []].flat().map(String)),
];
