import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import type { SqlLine } from '../../families/sql/sql-driver.js';
import { openSocket, secureSocket, tlsOptions, type OpenContext, type ServerInfo } from '../../spi/index.js';
import { BodyWriter } from './body.js';
import { strange } from './codes.js';
import { readRows, textIn, type Row, type RowsPage } from './rows.js';
import type { CassandraConfig } from './spec.js';
import { Wire } from './wire.js';

const STARTUP = 0x01;
const READY = 0x02;
const AUTHENTICATE = 0x03;
const QUERY = 0x07;
const RESULT = 0x08;
const AUTH_RESPONSE = 0x0f;
const AUTH_SUCCESS = 0x10;

/** The catalog is local to each node: one of them answers for itself. */
const LOCAL_ONE = 0x0a;
const VALUES = 0x01;
const PAGE_SIZE = 0x04;
const PAGING_STATE = 0x08;

const KEYSPACES = 'Amazon Keyspaces';

/**
 * One connection to one node. Every node has the whole catalog, so none of the peers that a node names is ever dialled,
 * and no datacenter needs to be known.
 */
export class CassandraLine implements SqlLine {
  server: ServerInfo = { product: 'Apache Cassandra', version: 'unknown' };

  private constructor(
    private readonly wire: Wire,
    private readonly socket: Socket,
    readonly keyspace: string | undefined,
  ) {}

  static async open(config: CassandraConfig, context: OpenContext): Promise<CassandraLine> {
    const socket = await dial(config, context);
    const line = new CassandraLine(new Wire(socket), socket, config.keyspace);
    const drop = (): void => line.destroy();
    context.signal.addEventListener('abort', drop, { once: true });
    try {
      context.signal.throwIfAborted();
      const method = await line.logIn(config);
      context.done?.('auth', { method });
      await line.identify();
      context.done?.('database', {
        version: line.server.version,
        ...(line.keyspace === undefined ? {} : { keyspace: line.keyspace }),
      });
      return line;
    } catch (error) {
      line.destroy();
      throw error;
    } finally {
      context.signal.removeEventListener('abort', drop);
    }
  }

  get usable(): boolean {
    return this.wire.usable;
  }

  async ping(): Promise<void> {
    await this.rows('SELECT release_version FROM system.local');
  }

  /** The state of the schema as this node has it: a digest of all of it. */
  async schemaVersion(): Promise<string | undefined> {
    // What stands there was only seen to follow each change on Cassandra.
    if (this.server.product === KEYSPACES) return undefined;
    const [row] = await this.rows('SELECT schema_version FROM system.local');
    const version = row ? textIn(row, 'schema_version') : '';
    return version === '' ? undefined : version;
  }

  /** The first page of a small answer. */
  async rows(cql: string, values: readonly string[] = []): Promise<readonly Row[]> {
    return (await this.page(cql, values, 1_000)).rows;
  }

  /** All pages of an answer, each of at most `size` rows. A page is asked for when the one before was used. */
  async *pages(cql: string, values: readonly string[], size: number): AsyncGenerator<readonly Row[]> {
    let state: Buffer | undefined;
    do {
      const page = await this.page(cql, values, size, state);
      yield page.rows;
      state = page.next;
    } while (state);
  }

  /** The protocol has no farewell. */
  async close(): Promise<void> {
    const closed = this.socket.destroyed || new Promise((resolve) => this.socket.once('close', resolve));
    this.destroy();
    await closed;
  }

  destroy(): void {
    this.wire.drop(new AppError('UNREACHABLE', 'The connection was closed.'));
  }

  /** Values are text; they travel beside the statement. */
  private async page(
    cql: string,
    values: readonly string[],
    size: number,
    state?: Buffer,
  ): Promise<RowsPage> {
    const flags = PAGE_SIZE | (values.length > 0 ? VALUES : 0) | (state ? PAGING_STATE : 0);
    const query = new BodyWriter().bytes(Buffer.from(cql)).short(LOCAL_ONE).byte(flags);
    if (values.length > 0) {
      query.short(values.length);
      for (const value of values) query.bytes(Buffer.from(value));
    }
    query.int(size);
    if (state) query.bytes(state);
    const { opcode, body } = await this.wire.ask(QUERY, query.done());
    if (opcode !== RESULT) throw this.lost();
    try {
      // Servers may give a few rows more than were asked for.
      return readRows(body, 2 * size);
    } catch {
      throw this.lost();
    }
  }

  /** Gives how. A password is only sent where the server asks for one, and only once. */
  private async logIn({ username, password = '' }: CassandraConfig): Promise<string> {
    const options = new BodyWriter().short(1).string('CQL_VERSION').string('3.0.0').done();
    const { opcode } = await this.wire.ask(STARTUP, options);
    if (opcode === READY) return 'none';
    if (opcode !== AUTHENTICATE) throw strange();
    if (username === undefined)
      throw new AppError('AUTH_FAILED', 'The server wants a user name and a password.');
    const token = new BodyWriter().bytes(Buffer.from(`\0${username}\0${password}`)).done();
    const answer = await this.wire.ask(AUTH_RESPONSE, token);
    if (answer.opcode !== AUTH_SUCCESS)
      throw new AppError('AUTH_FAILED', 'The server wants another login than a user name and a password.');
    return 'password';
  }

  private async identify(): Promise<void> {
    const [local] = await this.rows('SELECT release_version, cluster_name FROM system.local');
    if (!local) throw strange();
    this.server = {
      product: textIn(local, 'cluster_name') === KEYSPACES ? KEYSPACES : 'Apache Cassandra',
      version: textIn(local, 'release_version') || 'unknown',
    };
    if (this.keyspace === undefined) return;
    const found = await this.rows(
      'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?',
      [this.keyspace],
    );
    if (found.length === 0) throw new AppError('DATABASE_NOT_FOUND', 'The keyspace does not exist.');
  }

  private lost(): AppError {
    const fault = strange();
    this.wire.drop(fault);
    return fault;
  }
}

async function dial(config: CassandraConfig, context: OpenContext): Promise<Socket> {
  const { host, port = 9042, tls } = config;
  const socket = await openSocket({ host, port }, context);
  const options = tlsOptions(host, tls);
  if (!options) return socket;
  const secured = await secureSocket(socket, options, context.signal);
  context.done?.('tls', {
    protocol: secured.getProtocol() ?? 'unknown',
    verified: options.rejectUnauthorized !== false,
  });
  return secured;
}
