import { BrokerLine } from '../../src/connectors/drivers/kafka/broker-line.js';
import { apiVersions } from '../../src/connectors/drivers/kafka/requests.js';
import { KafkaWriter, type KafkaReader } from '../../src/connectors/drivers/kafka/wire.js';
import { anywhere } from '../contract/contract-source.js';
import { until } from './until.js';

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** What a test does to Kafka, as nobody in particular: makes topics, messages, groups and access lists. */
export class KafkaAdmin {
  private constructor(
    /** For what has no method here. */
    readonly line: BrokerLine,
  ) {}

  static async connect(port: number): Promise<KafkaAdmin> {
    const context = { signal: AbortSignal.timeout(30_000), locate: anywhere };
    const line = await BrokerLine.open({ host: '127.0.0.1', port }, { mode: 'disable' }, context);
    await line.ask(apiVersions);
    return new KafkaAdmin(line);
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const writer = new KafkaWriter();
    writer.array(topics, ({ name, partitions, settings = {} }) => {
      writer.string(name).int32(partitions).int16(1).int32(0);
      writer.array(Object.entries(settings), ([key, value]) => writer.string(key).string(value));
    });
    const body = writer.int32(20_000).int8(0).done();
    const errors = await this.line.ask({
      key: 19,
      version: 2,
      body,
      read: (reader) => {
        reader.int32();
        return reader.array(() => [reader.string(), reader.int16(), reader.string()] as const);
      },
    });
    for (const [name, error] of errors) if (error !== 0) throw new Error(`${name}: ${String(error)}`);
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    const body = new KafkaWriter();
    body.array(names, (name) => body.string(name)).int32(20_000);
    const read = (reader: KafkaReader) => {
      reader.int32();
      return reader.array(() => [reader.string(), reader.int16()]);
    };
    await this.line.ask({ key: 20, version: 1, body: body.done(), read });
  }

  /** Sends messages to partition 0; waits until the topic that was just made takes them. */
  async produce(topic: string, messages: readonly string[]): Promise<void> {
    const body = new KafkaWriter().int16(-1).int16(-1).int32(20_000).int32(1).string(topic);
    body.int32(1).int32(0).bytes(recordBatch(messages));
    const send = () =>
      this.line.ask({
        key: 0,
        version: 3,
        body: body.done(),
        read: (reader) =>
          reader.array(() => {
            reader.string();
            return reader.array(
              () => [reader.int32(), reader.int16(), reader.int64(), reader.int64()] as const,
            );
          })[0]?.[0]?.[1],
      });
    // The partition has no leader for a moment.
    await until(async () => (await send()) === 0, `${topic} takes messages`, 20_000);
  }

  /** Has a group that was never there before commit an offset. */
  async commit(group: string, topic: string): Promise<void> {
    const body = new KafkaWriter().string(group).int32(-1).string('').int64(-1n);
    body.int32(1).string(topic).int32(1).int32(0).int64(1n).string('');
    const send = () =>
      this.line.ask({
        key: 8,
        version: 2,
        body: body.done(),
        read: (reader) =>
          reader.array(() => {
            reader.string();
            return reader.array(() => [reader.int32(), reader.int16()] as const);
          })[0]?.[0]?.[1],
      });
    // The first one has the coordinator make its own topic.
    await this.findCoordinator(group);
    await until(async () => (await send()) === 0, `${group} has committed`, 30_000);
  }

  /** Denies an operation (3: read, 8: describe) on a topic. */
  async deny(user: string, topic: string, operation: number): Promise<void> {
    const body = new KafkaWriter().int32(1).int8(2).string(topic).int8(3);
    body.string(`User:${user}`).string('*').int8(operation).int8(2);
    const read = (reader: KafkaReader) => {
      reader.int32();
      return reader.array(() => [reader.int16(), reader.string()]);
    };
    await this.line.ask({ key: 30, version: 1, body: body.done(), read });
  }

  close(): void {
    this.line.destroy();
  }

  private async findCoordinator(group: string): Promise<void> {
    const body = new KafkaWriter().string(group).done();
    const ask = () => this.line.ask({ key: 10, version: 0, body, read: (reader) => reader.int16() });
    await until(async () => (await ask()) === 0, 'the group has a coordinator', 30_000);
  }
}

/** A batch of records without keys (KIP-98). */
function recordBatch(messages: readonly string[]): Buffer {
  const now = BigInt(Date.now());
  const records = messages.map((message, at) => {
    const value = Buffer.from(message);
    const body = Buffer.concat([
      Buffer.from([0]),
      varint(0),
      varint(at),
      varint(-1),
      varint(value.length),
      value,
      varint(0),
    ]);
    return Buffer.concat([varint(body.length), body]);
  });
  const counted = new KafkaWriter()
    .int16(0)
    .int32(messages.length - 1)
    .int64(now)
    .int64(now)
    .int64(-1n)
    .int16(-1)
    .int32(-1)
    .int32(messages.length)
    .done();
  const checked = Buffer.concat([counted, ...records]);
  const head = new KafkaWriter()
    .int32(0)
    .int8(2)
    .int32(crc32c(checked) | 0)
    .done();
  const batch = Buffer.concat([head, checked]);
  return Buffer.concat([new KafkaWriter().int64(0n).int32(batch.length).done(), batch]);
}

/** Zigzag, seven bits at a time. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = (value << 1) ^ (value >> 31);
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
