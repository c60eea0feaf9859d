import type { Connection } from 'mysql2';
import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { AppError } from '../../../common/app-error.js';
import { guard, Meter, openSocket, secureSocket, tlsOptions, type OpenContext } from '../../spi/index.js';
import { clearLogins, guardedLogins, signedLogins } from './auth.js';
import { explained } from './codes.js';
import { flavorOf, MysqlLine, SHORT_ANSWER_BYTES, STATEMENT_S } from './line.js';
import type { MysqlConfig } from './spec.js';

/** Parts of a mysql2 connection that its types do not show; see `takeOverTls`. */
interface Inside {
  stream: Socket;
  startTLS(onSecure: (error?: unknown) => void): void;
  readonly packetParser: { execute(data: Buffer): void };
  _handleNetworkError(error: Error): void;
}

/** What was said while a login ran. */
interface Login {
  socket: Socket;
  /** The fault that ended the login, where we know it better than mysql2 does. */
  fault: unknown;
  readonly meter: Meter;
}

/**
 * Opens a line and logs in. On any fault, and when the signal aborts, the socket is destroyed.
 *
 * @param clear the password is a short-lived token that the server takes in clear, over a proven line.
 */
export async function connectLine(
  config: MysqlConfig,
  context: OpenContext,
  { clear = false }: { readonly clear?: boolean } = {},
): Promise<MysqlLine> {
  const { createConnection } = await import('mysql2');
  const socket = await openSocket({ host: config.host, port: config.port ?? 3306 }, context);
  const login: Login = { socket, fault: undefined, meter: new Meter(SHORT_ANSWER_BYTES) };
  const drop = (): void => void login.socket.destroy();
  context.signal.addEventListener('abort', drop, { once: true });
  try {
    context.signal.throwIfAborted();
    guard(socket, login.meter);
    const tls = tlsOptions(config.host, config.tls);
    const verified = tls !== undefined && tls.rejectUnauthorized !== false;
    const password = config.password ?? '';
    const connection = createConnection({
      stream: socket,
      host: config.host,
      user: config.username,
      password,
      ...(config.database === undefined ? {} : { database: config.database }),
      // The object only says that TLS is wanted; `takeOverTls` has the options.
      ...(tls ? { ssl: {} } : {}),
      authPlugins: {
        ...signedLogins(password),
        ...(clear ? clearLogins(password) : {}),
        ...(verified ? {} : guardedLogins(password, (fault) => (login.fault = fault))),
      },
      // A server may ask for any file of ours as the answer to any query: that ability is never offered, and a server
      // that asks all the same loses the line.
      flags: ['-LOCAL_FILES'],
      infileStreamFactory: () => {
        throw new AppError('PROTOCOL', 'The server asked for a file of ours.');
      },
      connectAttributes: { program_name: 'datawave' },
      // No code is generated from names that the server sends, and no stack traces are kept.
      disableEval: true,
      trace: false,
      // Without a bound a connection takes 640 KB for its statements alone.
      maxPreparedStatements: 100,
      supportBigNumbers: true,
      dateStrings: true,
      rowsAsArray: true,
      // The signal is the deadline.
      connectTimeout: 0,
    });
    // Else mysql2 writes to the console whatever a server makes it say.
    connection.on('warn', () => {
      throw new AppError('PROTOCOL', 'The server sent packets out of order.');
    });
    if (tls) takeOverTls(connection, tls, login, context);
    await loggedIn(connection, login);
    context.done?.('auth');
    const line = await setUp(connection, login, config);
    context.done?.('database', { version: line.server.version });
    return line;
  } catch (error) {
    login.socket.destroy();
    throw explained(login.fault ?? error);
  } finally {
    context.signal.removeEventListener('abort', drop);
  }
}

/**
 * Puts our TLS in the place of mysql2's, which takes the name to check from `host`, checks an address against
 * "localhost", and hides why a handshake failed. Without this hook the driver does not connect at all.
 */
function takeOverTls(
  connection: Connection,
  options: ConnectionOptions,
  login: Login,
  context: OpenContext,
): void {
  const inside = connection as unknown as Inside;
  if (typeof inside.startTLS !== 'function')
    throw new AppError('DRIVER_MISSING', 'This version of mysql2 does not fit.');
  inside.startTLS = (onSecure) => {
    const plain = login.socket;
    plain.removeAllListeners('data');
    secureSocket(plain, options, context.signal).then(
      (secured: TLSSocket) => {
        const verified = options.rejectUnauthorized !== false;
        context.done?.('tls', { protocol: secured.getProtocol() ?? 'unknown', verified });
        login.socket = inside.stream = secured;
        guard(secured, login.meter);
        secured.on('data', (data: Buffer) => {
          inside.packetParser.execute(data);
        });
        secured.on('error', (error: Error) => {
          inside._handleNetworkError(error);
        });
        onSecure();
      },
      (error: unknown) => {
        login.fault = error;
        onSecure(new Error('TLS'));
      },
    );
  };
}

function loggedIn(connection: Connection, login: Login): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.once('connect', () => resolve());
    // Stays for good: an error without a listener ends the process.
    connection.on('error', (error: Error) => {
      login.fault ??= explained(error);
      reject(error);
    });
    login.socket.once('close', () =>
      reject(new AppError('UNREACHABLE', 'The server closed the connection.')),
    );
  });
}

/** Read-only for the whole session, with a limit on the server for statements whose caller is gone. */
async function setUp(connection: Connection, login: Login, config: MysqlConfig): Promise<MysqlLine> {
  const line = new MysqlLine(connection, login.socket, login.meter, config.database);
  await line.run('SET SESSION TRANSACTION READ ONLY');
  const [[version, comment] = ['', '']] = await line.rows('SELECT VERSION(), @@version_comment');
  line.flavor = flavorOf(String(version), String(comment));
  // Servers before 5.7.8, and some that only speak the protocol, have no such limit.
  await line
    .run(
      line.flavor.mariadb
        ? `SET SESSION time_zone = '+00:00', max_statement_time = ${String(STATEMENT_S)}`
        : `SET SESSION time_zone = '+00:00', max_execution_time = ${String(STATEMENT_S * 1_000)}`,
    )
    .catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'ER_UNKNOWN_SYSTEM_VARIABLE') throw error;
    });
  return line;
}
