import { AppError } from '../../../common/app-error.js';
import { httpFault, HttpLine, jsonOf, pathOf, type HttpAnswer } from '../../families/http/http-line.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import type { OpenContext, ServerInfo, TlsConfig } from '../../spi/index.js';

export interface RabbitMqConfig {
  readonly host: string;
  readonly port?: number;
  readonly vhost?: string;
  readonly username: string;
  readonly password?: string;
  readonly tls?: TlsConfig;
}

const PAGE_SIZE = 500;
/** More pages than a broker could serve queues for: a server that always says that there is another one is left. */
const MAX_PAGES = 2_000;

type Query = Readonly<Record<string, string | number>>;

/** The management API of one broker; each call stands alone. */
export class RabbitMqLine implements RecordsLine {
  server: ServerInfo = { product: 'RabbitMQ', version: 'unknown' };

  private constructor(
    private readonly http: HttpLine,
    private readonly authorization: string,
    /** The virtual host of the connection; undefined where it names none. */
    readonly vhost: string | undefined,
  ) {}

  static async open(config: RabbitMqConfig, context: OpenContext): Promise<RabbitMqLine> {
    const { host, port = 15671, username, password = '', vhost, tls } = config;
    const scheme = tls?.mode === 'disable' ? 'http' : 'https';
    const origin = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`);
    const login = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const line = new RabbitMqLine(await HttpLine.over({ origin, tls }, context), login, vhost);
    try {
      await line.ping(context.signal);
      context.done?.('auth');
      line.server = await line.identify(context.signal);
      // The virtual host itself is for monitors; its queues are for whoever may enter it.
      if (vhost !== undefined)
        await line.get(['api', 'queues', vhost], context.signal, { page: 1, page_size: 1, columns: 'name' });
      context.done?.('database', { vhost: vhost ?? 'all' });
      return line;
    } catch (error) {
      await line.close();
      throw error;
    }
  }

  get usable(): boolean {
    return this.http.usable;
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.get(['api', 'whoami'], signal);
  }

  /** What is at a path, as JSON. @throws AppError; DATABASE_NOT_FOUND for a virtual host that is not there. */
  async get(segments: readonly string[], signal: AbortSignal, query: Query = {}): Promise<unknown> {
    const headers = { accept: 'application/json', authorization: this.authorization };
    const answer = await this.http.call({ path: pathOf(segments, query), headers, signal });
    if (answer.status === 200) return jsonOf(answer);
    throw faultIn(answer);
  }

  /** A list that the server gives in pages. */
  async *pages(
    segments: readonly string[],
    signal: AbortSignal,
    query: Query,
  ): AsyncGenerator<readonly unknown[]> {
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const found = (await this.get(segments, signal, { ...query, page, page_size: PAGE_SIZE })) as {
        readonly items?: unknown;
        readonly page_count?: unknown;
      };
      if (!Array.isArray(found.items)) throw new AppError('PROTOCOL', 'The answer is not a page of a list.');
      yield found.items as readonly unknown[];
      if (typeof found.page_count !== 'number' || page >= found.page_count) return;
    }
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** A call that is left ends its own socket, and the next call has a new one. */
  destroy(): void {
    return undefined;
  }

  private async identify(signal: AbortSignal): Promise<ServerInfo> {
    const overview = (await this.get(['api', 'overview'], signal)) as {
      readonly rabbitmq_version?: unknown;
      readonly product_name?: unknown;
    };
    const text = (value: unknown, otherwise: string): string =>
      typeof value === 'string' && value !== '' ? value.slice(0, 100) : otherwise;
    return {
      product: text(overview.product_name, 'RabbitMQ'),
      version: text(overview.rabbitmq_version, 'unknown'),
    };
  }
}

/** The broker answers 401 both for a wrong password and for an account that may not; its words tell them apart. */
function faultIn(answer: HttpAnswer): AppError {
  if (answer.status === 404)
    return new AppError('DATABASE_NOT_FOUND', 'The virtual host does not exist on the broker.');
  const text = answer.body.subarray(0, 4_096).toString('utf8');
  if (answer.status === 401 && /not management user|virtual host|access refused/i.test(text))
    return new AppError('PERMISSION_DENIED', 'The account is not allowed to do this on the source.');
  return httpFault(answer.status);
}
