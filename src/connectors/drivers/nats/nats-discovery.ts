import { setTimeout as pause } from 'node:timers/promises';
import type { CutShort, Peek } from '../../families/records/records-driver.js';
import { isRecord, RecordSketch } from '../../families/records/record-sketch.js';
import { toConnectorError, type Dataset, type Field } from '../../spi/index.js';
import type { NatsLine } from './nats-line.js';

interface Stream {
  readonly config: {
    readonly name: string;
    readonly description?: string;
    readonly subjects?: readonly string[];
    readonly retention?: string;
    readonly storage?: string;
    readonly num_replicas?: number;
    readonly max_age?: number;
    readonly max_bytes?: number;
    readonly max_msgs?: number;
  };
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly consumer_count?: number;
  };
}

const SCOPE = 'jetstream';
/** Messages of one stream are read up to this size together. */
const MAX_SAMPLE_BYTES = 1_000_000;
const MAX_CONSUMERS = 500;

/** JetStream as one scope; asks for one page of names, which an account that may list nothing is refused. */
export async function scopes(line: NatsLine): Promise<string[]> {
  await line.ask('STREAM.NAMES', { offset: 0 });
  return [SCOPE];
}

/** Every stream with its consumers, and fields inferred from its last messages; nothing is acknowledged by that. */
export async function* datasets(
  line: NatsLine,
  scope: string,
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const sampler = new Sampler(line, peek);
  for await (const stream of streamsOf(line)) {
    const { name } = stream.config;
    if (!peek.wants(name)) continue;
    const consumers = (stream.state.consumer_count ?? 0) > 0 ? await consumersOf(line, name) : [];
    yield describe(scope, stream, { consumers, fields: await sampler.fieldsOf(stream) });
    if (peek.pauseMs > 0) await pause(peek.pauseMs, undefined, { signal: peek.signal });
  }
  return sampler.refused ? { reason: 'The messages may not be read, so no fields are inferred.' } : undefined;
}

async function* streamsOf(line: NatsLine): AsyncGenerator<Stream> {
  let offset = 0;
  for (;;) {
    const { total, streams } = (await line.ask('STREAM.LIST', { offset })) as {
      readonly total?: number;
      readonly streams?: readonly Stream[] | null;
    };
    if (!streams || streams.length === 0) return;
    yield* streams;
    offset += streams.length;
    if (offset >= (total ?? 0)) return;
  }
}

async function consumersOf(line: NatsLine, stream: string): Promise<readonly string[]> {
  const { consumers } = (await line.ask(`CONSUMER.NAMES.${stream}`, { offset: 0 })) as {
    readonly consumers?: readonly string[] | null;
  };
  return (consumers ?? []).slice(0, MAX_CONSUMERS).sort();
}

function describe(
  schema: string,
  { config, state }: Stream,
  { consumers, fields }: { consumers: readonly string[]; fields: readonly Field[] },
): Dataset {
  const { name, description, subjects = [], retention = 'limits', storage = 'file' } = config;
  return {
    schema,
    name,
    kind: 'topic',
    ...(description === undefined || description === '' ? {} : { comment: description.slice(0, 2_000) }),
    fields,
    row_estimate: state.messages,
    size_bytes: state.bytes,
    properties: {
      // Buckets of keys and of objects are streams of these names.
      role: name.startsWith('KV_') ? 'key_value' : name.startsWith('OBJ_') ? 'object_store' : 'stream',
      subjects: [...subjects],
      retention,
      storage,
      replicas: config.num_replicas ?? 1,
      max_age_s: Math.round((config.max_age ?? 0) / 1e9),
      max_bytes: config.max_bytes ?? -1,
      max_messages: config.max_msgs ?? -1,
      consumers,
    },
  };
}

/** Reads the last few messages of streams, until an account turns out to be refused that. */
class Sampler {
  refused = false;
  private bytes = 0;

  constructor(
    private readonly line: NatsLine,
    private readonly peek: Peek,
  ) {}

  async fieldsOf({ config: { name }, state }: Stream): Promise<readonly Field[]> {
    if (this.refused || state.messages === 0 || name.startsWith('OBJ_')) return [];
    const sketch = new RecordSketch();
    const from = this.bytes;
    // Messages may have been removed between the first and the last.
    const tries = Math.min(2 * this.peek.sample, state.last_seq - state.first_seq + 1);
    for (let at = 0; at < tries && sketch.size < this.peek.sample; at += 1) {
      if (this.bytes - from > MAX_SAMPLE_BYTES || this.bytes > this.peek.maxBytes) break;
      const record = await this.message(name, state.last_seq - at);
      if (record === 'refused') {
        this.refused = true;
        break;
      }
      if (record) sketch.add(record);
    }
    return sketch.fields();
  }

  /** The JSON object in a message; undefined where there is none. */
  private async message(
    stream: string,
    seq: number,
  ): Promise<Readonly<Record<string, unknown>> | 'refused' | undefined> {
    try {
      const { message } = (await this.line.ask(`STREAM.MSG.GET.${stream}`, { seq })) as {
        readonly message?: { readonly data?: unknown };
      };
      const data = typeof message?.data === 'string' ? message.data : '';
      this.bytes += data.length;
      const text = Buffer.from(data, 'base64').toString('utf8');
      const value: unknown = /^\s*\{/.test(text) ? JSON.parse(text) : undefined;
      return isRecord(value) ? value : undefined;
    } catch (error) {
      const { code } = toConnectorError(error, {}, 'QUERY_FAILED');
      if (!this.line.usable) throw error;
      return code === 'PERMISSION_DENIED' ? 'refused' : undefined;
    }
  }
}
