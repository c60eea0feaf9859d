import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import { AppError } from '../../../common/app-error.js';
import { guard, Meter, type OpenContext, type ServerInfo } from '../../spi/index.js';
import { explained } from './codes.js';
import { PgLine, STATEMENT_MS } from './line.js';
import { askWith } from './raw-query.js';
import { openWire, readInTurns, type Wire } from './socket.js';
import type { PostgresqlConfig } from './spec.js';

const LOGIN_BYTES = 1024 * 1024;
/** Where a pooler names none. */
const NO_PROCESS = 0;

/** Parts of a pg client that its types do not show. */
interface Inside {
  readonly connection: EventEmitter;
  readonly connectionParameters: Record<string, unknown>;
  readonly processID: number | null;
}

/** How a server may ask for a login, by the event of pg. */
const METHODS = {
  authenticationCleartextPassword: 'password',
  authenticationMD5Password: 'md5',
  authenticationSASL: 'scram-sha-256',
} as const;

/**
 * Read-only for the whole session where it is a session of our own. A pooler such as PgBouncer refuses these settings
 * at startup and would hand later ones on to other clients; its process id is not the one of the server behind it. What
 * is read through it is read in transactions that are set up each for itself.
 */
const SET_UP = `
select current_setting('server_version'), current_setting('server_version_num'), pg_backend_pid() = $1::int,
  set_config('client_encoding', 'UTF8', false),
  case when pg_backend_pid() = $1::int then
    set_config('default_transaction_read_only', 'on', false)
    || set_config('statement_timeout', '${String(STATEMENT_MS)}', false)
    || set_config('lock_timeout', '2000', false)
    || set_config('idle_in_transaction_session_timeout', '120000', false)
  end`;

/** How a relative of PostgreSQL is spoken to. */
export interface Dialect {
  /**
   * Sets the session up. The parameter is the process id that the server told; the row is the version, its number, and
   * whether no pooler lies between.
   */
  readonly setUp: string;
  /** Who answered, by the version that was read. */
  serverOf(version: string): ServerInfo;
}

const POSTGRESQL: Dialect = {
  setUp: SET_UP,
  serverOf: (version) => ({ product: 'PostgreSQL', version }),
};

/** Opens a line and logs in. On any fault, and when the signal aborts, the socket is destroyed. */
export async function connectLine(
  config: PostgresqlConfig,
  context: OpenContext,
  dialect: Dialect = POSTGRESQL,
): Promise<PgLine> {
  const pg = (await import('pg')).default;
  const wire = await openWire(config, context);
  const { socket } = wire;
  const drop = (): void => void socket.destroy();
  context.signal.addEventListener('abort', drop, { once: true });
  try {
    context.signal.throwIfAborted();
    const meter = new Meter(LOGIN_BYTES);
    guard(socket, meter);
    const door = { clear: false };
    const client = new pg.Client(settings(config, wire, door));
    await login(client, door, context);
    readInTurns(socket);
    const { processID } = client as unknown as Inside;
    const ask = askWith(pg.Query);
    const [row] = await ask(client, { text: dialect.setUp, values: [String(processID ?? NO_PROCESS)] });
    const server = dialect.serverOf(row?.[0] ?? '');
    // What lies between cannot be told by its name: an ordinary database answers nothing of it.
    const pooled = row?.[2] === 'f' ? { pooled: true } : {};
    context.done?.('database', { version: server.version, ...pooled });
    const versionNumber = Number(row?.[1]);
    return new PgLine({ client, socket, meter, ask, server, versionNumber, direct: row?.[2] === 't' });
  } catch (error) {
    socket.destroy();
    throw explained(error);
  } finally {
    context.signal.removeEventListener('abort', drop);
  }
}

/** pg fills whatever is missing from PG… variables and files of our own account: nothing may be missing. */
function settings(config: PostgresqlConfig, wire: Wire, door: { clear: boolean }): ClientConfig {
  return {
    host: config.host,
    port: config.port ?? 5432,
    database: config.database,
    user: config.username,
    // A function, because an empty text would be looked up in PGPASSWORD and ~/.pgpass.
    password: () => {
      if (door.clear && !wire.verified)
        throw new AppError(
          'TLS_FAILED',
          'The server asks for the password in clear, over an unproven line.',
          {
            hint: 'Set tls.mode to "verify_full", or let the server use scram-sha-256.',
          },
        );
      return config.password ?? '';
    },
    // TLS is set up already, by us.
    ssl: false,
    sslnegotiation: 'postgres',
    stream: () => connected(wire.socket),
    application_name: 'datawave',
    pipeline: true,
  };
}

/** A socket that is open already, for pg, which wants to open it. */
function connected(socket: Socket): Socket {
  return Object.assign(socket, {
    connect: () => {
      process.nextTick(() => socket.emit('connect'));
      return socket;
    },
  });
}

async function login(client: Client, door: { clear: boolean }, context: OpenContext): Promise<void> {
  const { connection, connectionParameters } = client as unknown as Inside;
  connectionParameters.options = undefined;
  connectionParameters.replication = undefined;
  let method = 'none';
  for (const [event, name] of Object.entries(METHODS))
    connection.prependListener(event, () => {
      method = name;
      door.clear ||= event === 'authenticationCleartextPassword';
    });
  connection.once('authenticationOk', () => context.done?.('auth', { method }));
  // An error without a listener ends the process; whoever waits for an answer hears of it by its rejection.
  client.on('error', () => undefined);
  await client.connect();
}
