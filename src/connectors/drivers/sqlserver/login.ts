import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection, ConnectionConfiguration } from 'tedious';
import { AppError } from '../../../common/app-error.js';
import { entraTokens, type MicrosoftCloud } from '../../families/http/entra-token.js';
import { SHORT_ANSWER_BYTES } from '../../families/sql/pending-answers.js';
import {
  elsewhere,
  guard,
  Meter,
  normalizeHost,
  toConnectorError,
  type Address,
  type OpenContext,
} from '../../spi/index.js';
import { explained, SQLSERVER_CODES } from './codes.js';
import { skipUnknownChanges } from './env-changes.js';
import { flavorOf, SERVER } from './flavor.js';
import { driverOptions, guardDriver, reroutedTo } from './guarded-driver.js';
import { TdsLine } from './line.js';
import type { AzureConfig, SqlServerConfig } from './spec.js';
import { openWire, type Wire } from './wire.js';

/** Gives the token that a login by an application sends. */
export type TokenOf = (config: AzureConfig, context: OpenContext) => Promise<string>;

/** What an application asks a token for, in each cloud of Microsoft. */
const SCOPES: Readonly<Record<MicrosoftCloud, string>> = {
  public: 'https://database.windows.net/.default',
  us_government: 'https://database.usgovcloudapi.net/.default',
  china: 'https://database.chinacloudapi.cn/.default',
};

/** A token of Microsoft Entra ID by the credentials of the connection, and by those alone. */
export const applicationToken: TokenOf = (config, context) => {
  const {
    tenant_id: tenant = '',
    client_id: client = '',
    client_secret: secret = '',
    cloud = 'public',
    tls,
  } = config;
  return entraTokens({ tenant, client, secret, cloud, scope: SCOPES[cloud] }, { tls, context }).get(
    context.signal,
  );
};

/** A lock on the catalog is waited for so long. */
const LOCK_MS = 5_000;
/** A server may send us on once, as the gateways of Azure do. */
const MOVES = 1;

/** What happens while a login runs. */
interface Login {
  wire: Wire;
  /** The fault that ended the login, where we know it better than tedious does. */
  fault: Error | undefined;
  moves: number;
  /** Once there is one. */
  line?: TdsLine;
  readonly meter: Meter;
}

/** Opens a line and logs in. On any fault, and when the signal aborts, the socket is destroyed. */
export async function connectLine(
  config: SqlServerConfig,
  context: OpenContext,
  tokenOf: TokenOf = applicationToken,
): Promise<TdsLine> {
  const tedious = await import('tedious');
  await skipUnknownChanges();
  const federated = 'auth' in config && config.auth === 'service_principal';
  const where = { host: config.host, port: config.port ?? 1433 };
  const dialled = { ...config, federated };
  const wire = await openWire(where, config.host, dialled, context);
  const login: Login = { wire, fault: undefined, moves: 0, meter: new Meter(SHORT_ANSWER_BYTES) };
  const drop = (): void => login.wire.destroy(context.signal.reason as Error);
  context.signal.addEventListener('abort', drop, { once: true });
  try {
    context.signal.throwIfAborted();
    // Only now: the token is worth as much as a password.
    const token = federated ? await tokenOf(config, context) : undefined;
    const connection: Connection = new tedious.Connection({
      ...driverOptions(config.host, config.database, async () => {
        const to = reroutedTo(connection);
        if (to) {
          login.wire.destroy();
          login.wire = await moved(to, dialled, context, login);
        }
        guard(login.wire.stream as Socket, login.meter);
        return login.wire.stream as Socket;
      }),
      authentication: authentication(config, token),
    });
    guardDriver(connection, {
      wire: () => login.wire,
      loggedIn: () => login.line !== undefined,
      refuse: (fault) => {
        login.fault ??= fault;
        login.line?.refuse(fault);
        login.wire.destroy(fault);
      },
    });
    await loggedIn(connection, login);
    context.done?.('auth', { method: federated ? 'entra' : 'sql' });
    const { wire: opened } = login;
    const line = (login.line = new TdsLine({ connection, tedious, wire: opened, meter: login.meter }));
    await setUp(line);
    context.done?.('database', { version: line.server.version });
    return line;
  } catch (error) {
    login.wire.destroy();
    throw login.fault ?? explained(error);
  } finally {
    context.signal.removeEventListener('abort', drop);
  }
}

/**
 * The wire to where the server sends us on to. Only a verified server may, and only to a neighbour: the login goes with us.
 */
async function moved(
  to: Address,
  config: Parameters<typeof openWire>[2] & { readonly host: string },
  context: OpenContext,
  login: Login,
): Promise<Wire> {
  try {
    const { mode = 'verify_full', ...tls } = config.tls ?? {};
    const verified = mode.startsWith('verify');
    if (!verified || ++login.moves > MOVES || domainOf(to.host) !== domainOf(config.host))
      throw new AppError('PROTOCOL', 'The server sends us on to where its login must not go.', {
        hint: 'Connect to the server that it names, or set its connection policy to "proxy".',
      });
    // The name that the connection tells is that of the first server.
    delete tls.server_name;
    return await openWire(to, to.host, { ...config, tls: { ...tls, mode } }, elsewhere(context));
  } catch (error) {
    login.fault ??= explained(error);
    throw error;
  }
}

/** `shop.database.windows.net` and what it sends on to, `….worker.database.windows.net`, share their last three parts. */
function domainOf(host: string): string {
  const parts = normalizeHost(host).split('.');
  return parts.slice(Math.max(1, parts.length - 3)).join('.') || normalizeHost(host);
}

function authentication(
  config: SqlServerConfig,
  token: string | undefined,
): NonNullable<ConnectionConfiguration['authentication']> {
  if (token !== undefined) return { type: 'azure-active-directory-access-token', options: { token } };
  return { type: 'default', options: { userName: config.username ?? '', password: config.password ?? '' } };
}

function loggedIn(connection: Connection, login: Login): Promise<void> {
  return new Promise((resolve, reject) => {
    // tedious keeps the text of an error and drops its number.
    connection.on('errorMessage', ({ number }) => {
      const known = Object.hasOwn(SQLSERVER_CODES, String(number));
      if (known) login.fault ??= toConnectorError({ code: String(number) }, SQLSERVER_CODES);
    });
    // Stays for good: an error without a listener ends the process; whoever waits for an answer hears of it.
    connection.on('error', () => undefined);
    watchClose(login.wire.stream, reject);
    connection.connect((error) => {
      if (error) reject(error);
      else {
        // What the first settings are answered with is no fault of the login.
        login.fault = undefined;
        resolve();
      }
    });
  });
}

/** The line that we were sent on from closes too: only one that nobody left counts. */
function watchClose(stream: Duplex, reject: (error: Error) => void): void {
  stream.once('error', (error) => {
    if (error instanceof AppError) reject(error);
  });
}

/** Who answers, and how long locks are waited for; a service without that setting works all the same. */
async function setUp(line: TdsLine): Promise<void> {
  const [version, edition] = await line.first(SERVER);
  line.flavor = flavorOf(String(version ?? ''), String(edition ?? ''));
  await line.run(`SET LOCK_TIMEOUT ${String(LOCK_MS)}`).catch((error: unknown) => {
    if (!line.usable) throw error;
  });
}
