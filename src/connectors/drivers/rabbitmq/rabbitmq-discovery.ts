import type { CutShort, Peek } from '../../families/records/records-driver.js';
import { toConnectorError, type Dataset } from '../../spi/index.js';
import type { RabbitMqLine } from './rabbitmq-line.js';

interface Queue {
  readonly name: string;
  readonly type?: string;
  readonly durable?: boolean;
  readonly auto_delete?: boolean;
  readonly exclusive?: boolean;
  readonly arguments?: Arguments;
  readonly policy?: string | null;
  readonly messages?: number;
  readonly message_bytes?: number;
}
interface Exchange {
  readonly name: string;
  readonly type: string;
  readonly durable?: boolean;
  readonly auto_delete?: boolean;
  readonly internal?: boolean;
  readonly arguments?: Arguments;
}
interface Binding {
  readonly source: string;
  readonly destination: string;
  readonly destination_type: string;
  readonly routing_key: string;
}
type Arguments = Readonly<Record<string, unknown>>;

const QUEUE_COLUMNS = 'name,type,durable,auto_delete,exclusive,arguments,policy,messages,message_bytes';
const EXCHANGE_COLUMNS = 'name,type,durable,auto_delete,internal,arguments';
/** What is shown of one dataset's bindings; brokers have hundreds of thousands of them. */
const MAX_BINDINGS = 500;
/** Stands before the name of an exchange: a queue may have the same one. */
const EXCHANGE = 'exchange:';

/** The virtual hosts that the account may enter, or the one of the connection. */
export async function scopes(line: RabbitMqLine, signal: AbortSignal): Promise<string[]> {
  if (line.vhost !== undefined) return [line.vhost];
  const found = (await line.get(['api', 'vhosts'], signal, { columns: 'name' })) as readonly {
    name: string;
  }[];
  return found.map(({ name }) => name).sort();
}

/** Queues and streams with what feeds them, then the exchanges that were made; messages are never looked at. */
export async function* datasets(
  line: RabbitMqLine,
  scope: string,
  { signal }: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const bindings = await bindingsOf(line, scope, signal);
  const queues = { columns: QUEUE_COLUMNS, sort: 'name' };
  for await (const page of line.pages(['api', 'queues', scope], signal, queues))
    for (const queue of page as readonly Queue[]) yield queueOf(scope, queue, bindings);
  const exchanges = { columns: EXCHANGE_COLUMNS, sort: 'name' };
  for await (const page of line.pages(['api', 'exchanges', scope], signal, exchanges))
    for (const exchange of page as readonly Exchange[])
      // The broker's own ones are in every virtual host.
      if (exchange.name !== '' && !exchange.name.startsWith('amq.'))
        yield exchangeOf(scope, exchange, bindings);
  return bindings.missing === undefined ? undefined : { reason: bindings.missing };
}

/** Bindings as texts, by `type:name` of what they lead to. */
interface Bindings {
  readonly to: ReadonlyMap<string, readonly string[]>;
  readonly missing?: string;
}

async function bindingsOf(line: RabbitMqLine, scope: string, signal: AbortSignal): Promise<Bindings> {
  const columns = 'source,destination,destination_type,routing_key';
  const to = new Map<string, string[]>();
  try {
    const found = (await line.get(['api', 'bindings', scope], signal, { columns })) as readonly Binding[];
    for (const { source, destination, destination_type: type, routing_key: key } of found) {
      // Every queue is bound to the default exchange by its own name.
      if (source === '') continue;
      const known = to.get(`${type}:${destination}`) ?? [];
      if (known.length < MAX_BINDINGS) known.push(key === '' ? source : `${source} ${key}`);
      to.set(`${type}:${destination}`, known);
    }
    for (const texts of to.values()) texts.sort();
    return { to };
  } catch (error) {
    // They are not given in pages, so there may be more than is read; the queues do not depend on them.
    const { code, message } = toConnectorError(error);
    if (signal.aborted || code !== 'PROTOCOL') throw error;
    return { to, missing: `The bindings are not read: ${message}` };
  }
}

function queueOf(schema: string, queue: Queue, { to }: Bindings): Dataset {
  const { name, type = 'classic', messages, message_bytes: bytes, policy } = queue;
  return {
    schema,
    name: name.startsWith(EXCHANGE) ? `queue:${name}` : name,
    kind: 'topic',
    fields: [],
    ...(isCount(messages) ? { row_estimate: messages } : {}),
    ...(isCount(bytes) ? { size_bytes: bytes } : {}),
    properties: {
      queue_type: type,
      durable: queue.durable === true,
      auto_delete: queue.auto_delete === true,
      exclusive: queue.exclusive === true,
      bindings: to.get(`queue:${name}`) ?? [],
      arguments: textsOf(queue.arguments),
      ...(typeof policy === 'string' ? { policy } : {}),
    },
  };
}

function exchangeOf(schema: string, exchange: Exchange, { to }: Bindings): Dataset {
  const { name, type } = exchange;
  return {
    schema,
    name: `${EXCHANGE}${name}`,
    kind: 'resource',
    fields: [],
    properties: {
      exchange_type: type,
      durable: exchange.durable === true,
      auto_delete: exchange.auto_delete === true,
      internal: exchange.internal === true,
      bindings: to.get(`exchange:${name}`) ?? [],
      arguments: textsOf(exchange.arguments),
    },
  };
}

/** Such as `x-max-length=1000`. */
function textsOf(given: Arguments = {}): string[] {
  return Object.entries(given)
    .slice(0, 50)
    .map(([name, value]) =>
      `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`.slice(0, 500),
    )
    .sort();
}

const isCount = (value: number | undefined): value is number =>
  Number.isSafeInteger(value) && (value ?? -1) >= 0;
