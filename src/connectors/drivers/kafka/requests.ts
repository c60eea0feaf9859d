import type { KafkaRequest } from './broker-line.js';
import { KafkaWriter, type KafkaReader } from './wire.js';

/*
 * The requests that are needed, each in a version that brokers from 1.1 to 4.x know (KIP-896 removed the oldest ones),
 * and before the flexible versions, whose fields are packed in another way.
 */

export interface ApiVersion {
  readonly key: number;
  readonly min: number;
  readonly max: number;
}

export const apiVersions: KafkaRequest<{ error: number; apis: readonly ApiVersion[] }> = {
  key: 18,
  version: 0,
  body: Buffer.alloc(0),
  read: (reader) => ({
    error: reader.int16(),
    apis: reader.array(() => ({ key: reader.int16(), min: reader.int16(), max: reader.int16() })),
  }),
};

export function saslHandshake(mechanism: string): KafkaRequest<number> {
  const body = new KafkaWriter().string(mechanism).done();
  return { key: 17, version: 1, body, read: (reader) => reader.int16() };
}

export function saslAuthenticate(token: Buffer): KafkaRequest<{ error: number; token: Buffer }> {
  const read = (reader: KafkaReader) => {
    const error = reader.int16();
    reader.string();
    return { error, token: reader.buffer() };
  };
  return { key: 36, version: 0, body: new KafkaWriter().bytes(token).done(), read };
}

export interface Broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}
export interface Partition {
  readonly error: number;
  readonly index: number;
  readonly leader: number;
  readonly replicas: number;
}
export interface Topic {
  readonly error: number;
  readonly name: string;
  readonly internal: boolean;
  readonly partitions: readonly Partition[];
}
export interface Metadata {
  readonly brokers: readonly Broker[];
  readonly cluster: string;
  readonly topics: readonly Topic[];
}

/** @param of all topics that the account may describe, or none, for the brokers alone. */
export function metadata(of: 'all' | 'none'): KafkaRequest<Metadata> {
  const read = (reader: KafkaReader): Metadata => {
    const brokers = reader.array(() => {
      const broker = { id: reader.int32(), host: reader.string(), port: reader.int32() };
      reader.string();
      return broker;
    });
    const cluster = reader.string();
    reader.int32();
    const partition = (): Partition => {
      const found = { error: reader.int16(), index: reader.int32(), leader: reader.int32() };
      const replicas = reader.array(() => reader.int32()).length;
      reader.array(() => reader.int32());
      return { ...found, replicas };
    };
    const topics = reader.array(() => ({
      error: reader.int16(),
      name: reader.string(),
      internal: reader.boolean(),
      partitions: reader.array(partition),
    }));
    return { brokers, cluster, topics };
  };
  return { key: 3, version: 2, body: new KafkaWriter().int32(of === 'all' ? -1 : 0).done(), read };
}

export interface TopicConfig {
  readonly error: number;
  readonly topic: string;
  readonly entries: readonly { readonly name: string; readonly value: string; readonly own: boolean }[];
}

const TOPIC = 2;
/** Where a setting comes from: 1 is the topic itself. */
const OWN = 1;

/** The settings of topics; `own` where a topic differs from its broker. */
export function describeConfigs(topics: readonly string[]): KafkaRequest<readonly TopicConfig[]> {
  const writer = new KafkaWriter();
  writer.array(topics, (topic) => {
    writer.int8(TOPIC).string(topic);
    // All settings.
    writer.int32(-1);
  });
  const read = (reader: KafkaReader): TopicConfig[] => {
    reader.int32();
    return reader.array(() => {
      const error = reader.int16();
      reader.string();
      reader.int8();
      const topic = reader.string();
      const entries = reader.array(() => {
        const entry = { name: reader.string(), value: reader.string() };
        reader.boolean();
        const own = reader.int8() === OWN;
        reader.boolean();
        reader.array(() => [reader.string(), reader.string(), reader.int8()]);
        return { ...entry, own };
      });
      return { error, topic, entries };
    });
  };
  return { key: 32, version: 1, body: writer.int8(0).done(), read };
}

export interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly { readonly index: number; readonly error: number; readonly offset: bigint }[];
}

/** The first (`-2`) or the next (`-1`) offset of partitions, of their leader. */
export function listOffsets(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  at: -1 | -2,
): KafkaRequest<readonly TopicOffsets[]> {
  const writer = new KafkaWriter().int32(-1);
  writer.array(topics, ({ topic, partitions }) => {
    writer.string(topic);
    writer.array(partitions, (index) => writer.int32(index).int64(BigInt(at)));
  });
  const read = (reader: KafkaReader): TopicOffsets[] =>
    reader.array(() => ({
      topic: reader.string(),
      partitions: reader.array(() => {
        const found = { index: reader.int32(), error: reader.int16() };
        reader.int64();
        return { ...found, offset: reader.int64() };
      }),
    }));
  return { key: 2, version: 1, body: writer.done(), read };
}

/** The groups that a broker coordinates, those that the account may describe. */
export const listGroups: KafkaRequest<{ error: number; groups: readonly string[] }> = {
  key: 16,
  version: 0,
  body: Buffer.alloc(0),
  read: (reader) => ({
    error: reader.int16(),
    groups: reader.array(() => {
      const group = reader.string();
      reader.string();
      return group;
    }),
  }),
};

/** The topics of which a group has committed an offset. */
export function committedTopics(group: string): KafkaRequest<readonly string[]> {
  const read = (reader: KafkaReader): string[] =>
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => [reader.int32(), reader.int64(), reader.string(), reader.int16()]);
      return topic;
    });
  return { key: 9, version: 2, body: new KafkaWriter().string(group).int32(-1).done(), read };
}
