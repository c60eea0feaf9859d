import { AppError } from '../../../common/app-error.js';
import { ClientCredentials } from '../../families/http/client-credentials.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import { elsewhere, toConnectorError, type OpenContext, type ServerInfo } from '../../spi/index.js';
import { BrokerLine } from './broker-line.js';
import { expectNone } from './codes.js';
import { apiVersions, metadata, type ApiVersion, type Broker } from './requests.js';
import { logIn, type SaslLogin } from './sasl.js';
import { SchemaRegistry } from './schema-registry.js';
import type { KafkaConfig } from './spec.js';

/** One cluster: the broker that the connection names, and those that it tells of while a discovery runs. */
export class KafkaLine implements RecordsLine {
  server: ServerInfo = { product: 'Apache Kafka', version: 'unknown' };
  private readonly others = new Map<number, Promise<BrokerLine>>();

  private constructor(
    readonly config: KafkaConfig,
    private readonly context: OpenContext,
    private readonly login: SaslLogin | undefined,
    /** The broker that the connection names: it answers for the whole cluster. */
    readonly first: BrokerLine,
    readonly registry: SchemaRegistry | undefined,
  ) {}

  static async open(config: KafkaConfig, context: OpenContext): Promise<KafkaLine> {
    const { host, port = 9092 } = config;
    const login = loginOf(config, context);
    const first = await BrokerLine.open({ host, port }, config.tls, context);
    const drop = (): void => first.destroy();
    context.signal.addEventListener('abort', drop, { once: true });
    let registry: SchemaRegistry | undefined;
    try {
      context.signal.throwIfAborted();
      const { error, apis } = await first.ask(apiVersions);
      expectNone(error);
      if (login) await logIn(first, login, context.signal);
      await greet(first, login !== undefined);
      context.done?.('auth');
      registry = config.schema_registry && (await SchemaRegistry.open(config.schema_registry, context));
      context.done?.('database');
      const line = new KafkaLine(config, context, login, first, registry);
      line.server = { product: 'Apache Kafka', version: versionOf(apis) };
      return line;
    } catch (error) {
      first.destroy();
      await registry?.close();
      throw error;
    } finally {
      context.signal.removeEventListener('abort', drop);
    }
  }

  get usable(): boolean {
    return this.first.usable;
  }

  async ping(): Promise<void> {
    await this.first.ask(metadata('none'));
  }

  /**
   * A line to a broker that the cluster tells of: located and judged like every other address. It stays open until
   * `leaveOthers`.
   */
  broker(broker: Broker, signal: AbortSignal): Promise<BrokerLine> {
    const { host, port = 9092 } = this.config;
    if (broker.host === host && broker.port === port) return Promise.resolve(this.first);
    const known = this.others.get(broker.id);
    if (known) return known;
    const opened = this.openOther(broker, signal);
    this.others.set(broker.id, opened);
    return opened;
  }

  async leaveOthers(): Promise<void> {
    const lines = [...this.others.values()];
    this.others.clear();
    for (const opened of lines)
      await opened.then(
        (line) => line.destroy(),
        () => undefined,
      );
  }

  async close(): Promise<void> {
    this.first.destroy();
    await this.leaveOthers();
    await this.registry?.close();
  }

  destroy(): void {
    this.first.destroy();
    void this.leaveOthers();
  }

  private async openOther({ host, port }: Broker, signal: AbortSignal): Promise<BrokerLine> {
    const line = await BrokerLine.open({ host, port }, this.config.tls, {
      ...elsewhere(this.context),
      signal,
    });
    try {
      if (this.login) await logIn(line, this.login, signal);
      return line;
    } catch (error) {
      line.destroy();
      throw error;
    }
  }
}

function loginOf(config: KafkaConfig, context: OpenContext): SaslLogin | undefined {
  const { sasl = 'none', username = '', password = '', oauth2, tls } = config;
  if (sasl === 'none') return undefined;
  if (sasl !== 'oauthbearer') return { mechanism: sasl, username, password };
  if (!oauth2) throw new AppError('CONFIG_INVALID', 'The connection has no oauth2.');
  const tokens = new ClientCredentials(oauth2, context, tls);
  return { mechanism: sasl, token: (signal) => tokens.token(signal) };
}

/** The first request that a broker answers only to whoever is logged in: others it hangs up on, without a word. */
async function greet(line: BrokerLine, hasLogin: boolean): Promise<void> {
  try {
    await line.ask(metadata('none'));
  } catch (error) {
    const fault = toConnectorError(error);
    if (fault.code !== 'UNREACHABLE' || hasLogin) throw fault;
    throw new AppError('UNREACHABLE', 'The broker closed the connection at the first request.', {
      hint: 'It may want a login: choose `sasl`, or the port of another listener.',
    });
  }
}

/** Brokers do not tell their version: what they can do does. By the newest version of Fetch (1) and the oldest of Metadata's neighbours. */
function versionOf(apis: readonly ApiVersion[]): string {
  const fetch = apis.find(({ key }) => key === 1);
  if (!fetch) return 'unknown';
  if (fetch.min >= 4) return '4.0 or newer';
  const since: readonly (readonly [number, string])[] = [
    [17, '3.9'],
    [16, '3.7'],
    [15, '3.5'],
    [13, '3.1'],
    [12, '2.7'],
    [11, '2.3'],
    [10, '2.1'],
    [8, '2.0'],
    [7, '1.1'],
  ];
  return `${since.find(([version]) => fetch.max >= version)?.[1] ?? '1.0'} or newer`;
}
