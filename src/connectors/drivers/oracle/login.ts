import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { SHORT_ANSWER_BYTES } from '../../families/sql/pending-answers.js';
import {
  elsewhere,
  guard,
  Meter,
  openSocket,
  secureSocket,
  tlsOptions,
  type Address,
  type OpenContext,
} from '../../spi/index.js';
import { oracleClient, type Dialler, type OracleAttributes, type OracleClient } from './client.js';
import { explained } from './codes.js';
import { OracleLine } from './line.js';
import type { OracleConfig } from './spec.js';

/** Names are compared and sorted by their bytes, whatever a trigger of the login set up. */
const SET_UP = `ALTER SESSION SET NLS_COMP = BINARY NLS_SORT = BINARY`;

/** Opens a line and logs in. On any fault, and when the signal aborts, the socket is destroyed. */
export async function connectLine(
  config: OracleConfig,
  context: OpenContext,
  client: OracleClient = oracleClient,
): Promise<OracleLine> {
  context.signal.throwIfAborted();
  const { host, port = 1521 } = config;
  const address = context.address ?? (await context.locate({ host, port }));
  const wire = new Wire({ host, port }, { ...context, address }, optionsOf(config));
  const drop = (): void => wire.destroy();
  context.signal.addEventListener('abort', drop, { once: true });
  try {
    context.signal.throwIfAborted();
    const connection = await client.connect(attributesOf(config, address), wire);
    context.done?.('auth');
    const line = new OracleLine(connection, wire.opened, wire.meter);
    await line.run(SET_UP);
    context.done?.('database', { version: line.server.version });
    return line;
  } catch (error) {
    wire.destroy();
    throw wire.fault ?? explained(error);
  } finally {
    context.signal.removeEventListener('abort', drop);
  }
}

/** What the driver travels on. The first server is the pinned one; where it sends us on to is located by itself. */
class Wire implements Dialler {
  readonly meter = new Meter(SHORT_ANSWER_BYTES);
  /** The fault of dialling, which the driver hides behind its own. */
  fault: Error | undefined;
  private socket: Duplex | undefined;
  private stream: Duplex | undefined;
  private dials = 0;

  constructor(
    private readonly first: Address,
    private readonly context: OpenContext,
    private readonly tls: ConnectionOptions | undefined,
  ) {}

  get opened(): Duplex {
    if (!this.stream) throw new Error('A driver connected without a socket.');
    return this.stream;
  }

  dial(where: Address): Promise<Duplex> {
    return this.noted(async () => {
      this.destroy();
      const socket = await (this.dials++ === 0
        ? openSocket(this.first, this.context)
        : openSocket(where, elsewhere(this.context)));
      return this.keep((this.socket = socket));
    });
  }

  secure(socket: Duplex): Promise<Duplex> {
    return this.noted(async () => {
      const secured = await secureSocket(socket, this.tls ?? {}, this.context.signal);
      const verified = this.tls?.rejectUnauthorized !== false;
      if (this.dials === 1)
        this.context.done?.('tls', { protocol: secured.getProtocol() ?? 'unknown', verified });
      return this.keep(secured);
    });
  }

  destroy(): void {
    this.stream?.destroy();
    this.socket?.destroy();
  }

  private keep<T extends Socket>(stream: T): T {
    guard(stream, this.meter);
    this.stream = stream;
    return stream;
  }

  private async noted<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.fault ??= explained(error);
      throw error;
    }
  }
}

/**
 * Nothing of this machine is told. The driver would look a name up by itself, so it is given the address; the name is for
 * our dialling and TLS.
 */
function attributesOf(config: OracleConfig, { host, port }: Address): OracleAttributes {
  const { username, password = '', service_name: service, tls } = config;
  const protocol = tls?.mode === 'disable' ? 'tcp' : 'tcps';
  const address = `(ADDRESS=(PROTOCOL=${protocol})(HOST=${host})(PORT=${String(port)}))`;
  return {
    user: username,
    password,
    connectString: `(DESCRIPTION=${address}(CONNECT_DATA=(SERVICE_NAME=${service})))`,
    program: 'datawave',
    machine: 'datawave',
    osUser: 'datawave',
    terminal: 'unknown',
    driverName: 'datawave',
  };
}

function optionsOf({
  host,
  tls,
  wallet,
  wallet_password: passphrase,
}: OracleConfig): ConnectionOptions | undefined {
  const options = tlsOptions(host, tls);
  if (!options || wallet === undefined) return options;
  return {
    ...options,
    ca: wallet,
    // Some wallets hold authorities alone.
    ...(wallet.includes('PRIVATE KEY') ? { cert: wallet, key: wallet } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}
