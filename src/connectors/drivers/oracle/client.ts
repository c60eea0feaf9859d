import { AsyncLocalStorage } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import { AppError } from '../../../common/app-error.js';
import type { Address } from '../../spi/index.js';

/** What a connection is opened with. */
export interface OracleAttributes {
  readonly user: string;
  readonly password: string;
  readonly connectString: string;
  readonly program: string;
  readonly machine: string;
  readonly osUser: string;
  readonly terminal: string;
  readonly driverName: string;
}

/** What is used of a connection of oracledb. */
export interface OracleConnection {
  readonly oracleServerVersionString: string;
  execute(
    sql: string,
    binds: Readonly<Record<string, string | number>>,
    options: { readonly fetchArraySize: number; readonly prefetchRows: number; readonly maxRows: number },
  ): Promise<{ readonly rows?: readonly (readonly unknown[])[] | undefined }>;
  ping(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

/** How the driver reaches its server: by us. */
export interface Dialler {
  dial(where: Address): Promise<Duplex>;
  secure(socket: Duplex): Promise<Duplex>;
}

/** Opens connections over what the dialler dials, and over nothing else. */
export interface OracleClient {
  connect(attributes: OracleAttributes, dialler: Dialler): Promise<OracleConnection>;
}

/** The transport of oracledb, of which each socket is one. */
export interface OracleTransport {
  stream?: Duplex;
  connStream?: Duplex;
  connected: boolean;
  ntConnect: (this: OracleTransport, address: DriverAddress) => Promise<void>;
  tlsConnect: (this: OracleTransport, context: unknown, under: Duplex) => Promise<void>;
}

interface DriverAddress {
  /** Already resolved by the driver where a server sent it on. */
  readonly host: string;
  readonly hostname?: string;
  readonly port?: number;
}

const DEFAULT_PORT = 1521;
const diallers = new AsyncLocalStorage<Dialler>();

/** oracledb in its thin mode. It is loaded when the first connection is opened. */
export const oracleClient: OracleClient = {
  async connect(attributes, dialler) {
    const [{ default: oracledb }, { default: transport }] = await Promise.all([
      import('oracledb'),
      import('oracledb/lib/thin/sqlnet/ntTcp.js'),
    ]);
    takeOverDialling(transport.prototype);
    return diallers.run(dialler, () => oracledb.getConnection(attributes));
  },
};

/**
 * oracledb dials by itself, follows where a server sends it on to, takes proxies, and looks at names in certificates in a
 * way of its own. It has no hook for any of that, so its two methods for it are replaced: what is not opened through
 * `oracleClient` still has the old ones.
 */
function takeOverDialling(transport: OracleTransport & { takenOver?: boolean }): void {
  if (transport.takenOver) return;
  const { ntConnect, tlsConnect } = transport;
  if (typeof ntConnect !== 'function' || typeof tlsConnect !== 'function')
    throw new AppError('DRIVER_MISSING', 'This version of oracledb does not fit.');
  transport.takenOver = true;
  transport.ntConnect = async function (address) {
    const dialler = diallers.getStore();
    if (!dialler) return ntConnect.call(this, address);
    const { host, hostname = host, port = DEFAULT_PORT } = address;
    this.stream = await dialler.dial({ host: hostname, port });
    this.connected = true;
  };
  transport.tlsConnect = async function (context, under) {
    const dialler = diallers.getStore();
    if (!dialler) return tlsConnect.call(this, context, under);
    // Its own listeners are still on the socket; they are set again on what lies over it.
    under.removeAllListeners();
    this.stream = await dialler.secure(under);
    this.connStream = under;
  };
}
