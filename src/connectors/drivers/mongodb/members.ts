import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { withDeadline } from '../../../common/deadline.js';
import { addressIn, nameOf } from '../../families/named-address.js';
import {
  elsewhere,
  openSocket,
  secureSocket,
  tlsOptions,
  toConnectorError,
  type Address,
  type OpenContext,
} from '../../spi/index.js';
import { greet, type Greeting, type Role } from './greeting.js';
import { DEFAULT_PORT, type MongoDbConfig } from './mongodb-spec.js';
import { seedsOf } from './seeds.js';
import { Wire } from './wire.js';

type Bson = typeof import('bson');

/** What one member may take where another one could be asked instead. */
const ONE_MEMBER_MS = 3_000;
/** A replica set has 50 members at most; nobody leads us further than that. */
const MAX_MEMBERS = 50;
/** Another member may serve; a certificate that is refused or a version that is too old is told at once. */
const NEXT: readonly string[] = ['UNREACHABLE', 'TIMEOUT', 'HOST_UNKNOWN', 'BUSY', 'EGRESS_DENIED'];

/** A server that said what it is, before any login. */
export interface Member {
  readonly where: Address;
  readonly wire: Wire;
  readonly socket: Socket;
  /** The server was proven to be the right one. */
  readonly verified: boolean;
  readonly greeting: Greeting;
}

/**
 * The member to read from. The servers of the connection are asked one after the other; members that they name are dialled
 * only where none of these will do, each of them located by itself. Leaves no other line open.
 */
export async function findMember(config: MongoDbConfig, context: OpenContext, bson: Bson): Promise<Member> {
  const queue = await seedsOf(config, context.signal);
  const asked = new Set<string>();
  const faults: AppError[] = [];
  let spare: Member | undefined;
  try {
    for (let where = queue.shift(); where && asked.size < MAX_MEMBERS; where = queue.shift()) {
      if (asked.has(nameOf(where))) continue;
      const near = asked.size === 0 && config.srv !== true ? context : besides(context);
      asked.add(nameOf(where));
      const left = queue.some((other) => !asked.has(nameOf(other))) || spare !== undefined;
      const member = await approach(where, config, near, { bson, left }).catch((error: unknown) => {
        context.signal.throwIfAborted();
        const fault = toConnectorError(error, {}, 'UNREACHABLE');
        if (!NEXT.includes(fault.code)) throw fault;
        faults.push(fault);
      });
      if (!member) continue;
      const fault = objection(member, config);
      if (!fault) return member;
      if (isReadable(member.greeting.role) && config.read_from === 'secondary' && !spare) spare = member;
      else leave(member);
      faults.push(fault);
      const { members } = member.greeting;
      queue.push(...members.slice(0, MAX_MEMBERS).map((name) => addressIn(name, DEFAULT_PORT)));
    }
    if (!spare) throw worst(faults);
    const found = spare;
    spare = undefined;
    return found;
  } finally {
    if (spare) leave(spare);
  }
}

/** A step of a test may be reached at another server; the address that was pinned for the first one is not theirs. */
function besides(context: OpenContext): OpenContext {
  return { ...elsewhere(context), ...(context.done ? { done: context.done } : {}) };
}

async function approach(
  where: Address,
  config: MongoDbConfig,
  context: OpenContext,
  { bson, left }: { readonly bson: Bson; readonly left: boolean },
): Promise<Member> {
  if (!left) return dial(where, config, context, bson);
  return withDeadline(ONE_MEMBER_MS, context.signal, (signal) =>
    dial(where, config, { ...context, signal }, bson),
  );
}

async function dial(
  where: Address,
  config: MongoDbConfig,
  context: OpenContext,
  bson: Bson,
): Promise<Member> {
  let socket = await openSocket(where, context);
  const options = tlsOptions(where.host, config.tls);
  const verified = options !== undefined && options.rejectUnauthorized !== false;
  if (options) {
    const secure = await secureSocket(socket, options, context.signal);
    context.done?.('tls', { protocol: secure.getProtocol() ?? 'unknown', verified });
    socket = secure;
  }
  const wire = new Wire(socket, bson);
  const drop = (): void => wire.drop(new AppError('CANCELLED', 'The connection was dropped.'));
  context.signal.addEventListener('abort', drop, { once: true });
  try {
    context.signal.throwIfAborted();
    return { where, wire, socket, verified, greeting: await greet(wire, config) };
  } catch (error) {
    drop();
    throw context.signal.aborted ? context.signal.reason : error;
  } finally {
    context.signal.removeEventListener('abort', drop);
  }
}

function leave({ wire }: Member): void {
  wire.drop(new AppError('CANCELLED', 'Another member is read.'));
}

const isReadable = (role: Role): boolean => !['arbiter', 'hidden', 'recovering'].includes(role);

/** Why a member is not read, or not at first. */
function objection(
  { where, greeting: { role } }: Member,
  { read_from: wanted = 'any' }: MongoDbConfig,
): AppError | undefined {
  const name = nameOf(where);
  if (role === 'recovering')
    return new AppError('BUSY', `${name} is not in service yet, or in no replica set.`, { retryAfterS: 5 });
  if (!isReadable(role))
    return new AppError(
      'UNREACHABLE',
      `${name} is an ${role} member: it is not read, and no other one was found.`,
      {
        hint: 'Set host to a member that serves data, or name more of them in others.',
      },
    );
  if (wanted === 'primary' && role === 'secondary')
    return new AppError('BUSY', 'The replica set has no primary at this moment.', { retryAfterS: 5 });
  if (wanted === 'secondary' && role === 'primary')
    return new AppError('BUSY', 'The replica set has no secondary at this moment.', { retryAfterS: 5 });
  return undefined;
}

/** What the user can mend goes before what passes by itself; else the first server speaks. */
function worst(faults: readonly AppError[]): AppError {
  return (
    faults.find(({ code }) => code === 'EGRESS_DENIED') ??
    faults[0] ??
    new AppError('HOST_UNKNOWN', 'The SRV record names no member.')
  );
}
