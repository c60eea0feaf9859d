import { toConnectorError } from '../../spi/index.js';
import type { BrokerLine } from './broker-line.js';
import { expectNone } from './codes.js';
import type { KafkaLine } from './kafka-line.js';
import { committedTopics, listGroups, listOffsets, type Broker, type Topic } from './requests.js';

/** What is needed to ask the brokers one after the other; what one of them does not give is told in `missing`. */
export interface Asking {
  readonly line: KafkaLine;
  readonly brokers: readonly Broker[];
  readonly missing: Set<string>;
  readonly signal: AbortSignal;
}

/** Partitions in one request. */
const MAX_PARTITIONS = 5_000;
const MAX_GROUPS = 5_000;

/** Messages by topic: the distance of the offsets, which compaction and transactions make an estimate. */
export async function rowsByTopic(asking: Asking, topics: readonly Topic[]): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  const incomplete = new Set<string>();
  for (const broker of asking.brokers) {
    const led = ledBy(topics, broker.id);
    if (led.length === 0) continue;
    await atBroker(asking, broker, 'The messages of some topics are not counted.', async (line) => {
      for (const batch of batchesOf(led)) {
        const [firsts, nexts] = [
          await line.ask(listOffsets(batch, -2)),
          await line.ask(listOffsets(batch, -1)),
        ];
        const offsets = new Map(
          firsts.flatMap(({ topic, partitions }) =>
            partitions.map((one) => [`${topic} ${String(one.index)}`, one]),
          ),
        );
        for (const { topic, partitions } of nexts)
          for (const { index, error, offset } of partitions) {
            const first = offsets.get(`${topic} ${String(index)}`);
            if (error !== 0 || first?.error !== 0) incomplete.add(topic);
            else rows.set(topic, (rows.get(topic) ?? 0) + Number(offset - first.offset));
          }
      }
    });
  }
  for (const { name, partitions } of topics)
    // A part of a sum is no estimate of it.
    if (
      incomplete.has(name) ||
      partitions.some(({ leader }) => !asking.brokers.some(({ id }) => id === leader))
    )
      rows.delete(name);
  return rows;
}

/** Consumer groups by topic, those that have committed an offset. Each broker knows the groups that it coordinates. */
export async function consumersByTopic(asking: Asking): Promise<Map<string, string[]>> {
  const consumers = new Map<string, string[]>();
  for (const broker of asking.brokers)
    await atBroker(asking, broker, 'Some consumer groups are not known.', async (line) => {
      const { error, groups } = await line.ask(listGroups);
      expectNone(error);
      if (groups.length > MAX_GROUPS)
        asking.missing.add(`Only ${String(MAX_GROUPS)} consumer groups of a broker are looked at.`);
      for (const group of groups.slice(0, MAX_GROUPS))
        for (const topic of await line.ask(committedTopics(group)))
          consumers.set(topic, [...(consumers.get(topic) ?? []), group]);
    });
  return consumers;
}

interface Led {
  readonly topic: string;
  readonly partitions: readonly number[];
}

function ledBy(topics: readonly Topic[], broker: number): Led[] {
  return topics
    .map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.filter(({ leader }) => leader === broker).map(({ index }) => index),
    }))
    .filter(({ partitions }) => partitions.length > 0);
}

function* batchesOf(led: readonly Led[]): Generator<Led[]> {
  let batch: Led[] = [];
  let count = 0;
  for (const one of led) {
    batch.push(one);
    count += one.partitions.length;
    if (count < MAX_PARTITIONS) continue;
    yield batch;
    batch = [];
    count = 0;
  }
  if (batch.length > 0) yield batch;
}

/** A broker that is not reached takes its own facts from the whole, and nothing else. */
async function atBroker(
  { line, missing, signal }: Asking,
  broker: Broker,
  told: string,
  work: (line: BrokerLine) => Promise<void>,
): Promise<void> {
  try {
    await work(await line.broker(broker, signal));
  } catch (error) {
    if (signal.aborted || !line.usable) throw error;
    missing.add(`${told} Broker ${String(broker.id)}: ${toConnectorError(error).message}`);
  }
}
