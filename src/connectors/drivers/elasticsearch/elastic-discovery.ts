import { setTimeout as pause } from 'node:timers/promises';
import type { CutShort, Peek } from '../../families/records/records-driver.js';
import { isRecord } from '../../families/records/record-sketch.js';
import { toConnectorError, type Dataset } from '../../spi/index.js';
import { countsOf, datasetOf, streamFactsOf, type Listed, type StreamFacts } from './elastic-dataset.js';
import type { ElasticLine } from './elastic-line.js';
import { inPaths } from './index-patterns.js';

/** Indices that are asked for in one call: at first, and at most. */
const FIRST = 8;
const MOST = 64;
/** An answer is parsed in one piece, during which nobody else has the event loop: it should be no longer than this. */
const ANSWER_BYTES = 512 * 1024;

interface Resolved {
  readonly indices?: readonly { readonly name: string; readonly attributes?: readonly string[] }[];
  readonly data_streams?: readonly {
    readonly name: string;
    readonly backing_indices?: string | readonly string[];
    readonly timestamp_field?: string;
  }[];
}

/** The indices and data streams of some patterns that the account may see: none that are hidden or of the system. */
export async function listed(
  line: ElasticLine,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<readonly Listed[]> {
  const query = { expand_wildcards: 'open,closed', ignore_unavailable: true };
  const path = ['_resolve', 'index', patterns.join(',')];
  const { indices = [], data_streams: streams = [] } = ((await line.get(path, signal, query)) ??
    {}) as Resolved;
  const hidden = (attributes: readonly string[] = []): boolean =>
    attributes.includes('hidden') || attributes.includes('system');
  return [
    ...indices.filter(({ attributes }) => !hidden(attributes)).map(({ name }) => ({ name })),
    ...streams.map(({ name, backing_indices: backing = [], timestamp_field: timestampField }) => ({
      name,
      backing: [backing].flat(),
      ...(timestampField === undefined ? {} : { timestampField }),
    })),
  ].filter(({ name }) => !name.startsWith('.'));
}

/** Datasets of what was listed, a group of them by a few calls: mappings, settings and aliases by one. */
export async function* datasets(
  line: ElasticLine,
  all: readonly Listed[],
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const byName = new Map(all.map((one) => [one.name, one]));
  const until = Date.now() + peek.maxMs;
  const tooLong: string[] = [];
  let done = 0;
  let most = FIRST;
  for (const names of inPaths([...byName.keys()], () => most)) {
    if (Date.now() > until)
      return { reason: `Only ${String(done)} indices were looked at in the time that a run has.` };
    const group = names.flatMap((name) => byName.get(name) ?? []);
    const told = await factsOf(line, group, peek.signal, tooLong);
    const each = line.answerBytes / Math.max(1, told.size);
    most = Math.min(MOST, Math.max(1, Math.floor(ANSWER_BYTES / Math.max(1, each))));
    const counts = await optional(() => line.get(['_cat', 'indices', names.join(',')], peek.signal, CAT));
    const streams = await streamsOf(line, group, peek.signal);
    const counted = countsOf(counts);
    for (const one of group) {
      const found = told.get(one.backing?.at(-1) ?? one.name);
      // One that is gone since it was listed is none.
      if (found) yield datasetOf(one, found, { counts: counted, stream: streams.get(one.name) });
    }
    done += group.length;
    if (peek.pauseMs > 0) await pause(peek.pauseMs, undefined, { signal: peek.signal });
  }
  if (tooLong.length === 0) return undefined;
  return { reason: `The mapping is longer than can be read: ${tooLong.slice(0, 5).join(', ')}.` };
}

const CAT = {
  format: 'json',
  bytes: 'b',
  h: 'index,health,status,docs.count,store.size',
  expand_wildcards: 'all',
  ignore_unavailable: true,
};

/** Mappings, settings and aliases by the name of the index; halves of a group whose answer is too long. */
async function factsOf(
  line: ElasticLine,
  group: readonly Listed[],
  signal: AbortSignal,
  tooLong: string[],
): Promise<ReadonlyMap<string, unknown>> {
  const names = group.map(({ name, backing }) => backing?.at(-1) ?? name);
  try {
    const answer = await line.get([names.join(',')], signal, { ignore_unavailable: true });
    return new Map(isRecord(answer) ? Object.entries(answer) : []);
  } catch (error) {
    if (signal.aborted || toConnectorError(error).code !== 'PROTOCOL') throw error;
    if (group.length === 1) {
      tooLong.push(...names);
      return new Map();
    }
    const half = Math.ceil(group.length / 2);
    const first = await factsOf(line, group.slice(0, half), signal, tooLong);
    return new Map([...first, ...(await factsOf(line, group.slice(half), signal, tooLong))]);
  }
}

async function streamsOf(
  line: ElasticLine,
  group: readonly Listed[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, StreamFacts>> {
  const names = group.filter(({ backing }) => backing !== undefined).map(({ name }) => name);
  if (names.length === 0) return new Map();
  return streamFactsOf(await optional(() => line.get(['_data_stream', names.join(',')], signal)));
}

/** What an account may lack the right for without missing a dataset: counts need `monitor`, streams a licence. */
async function optional(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (['PERMISSION_DENIED', 'QUERY_FAILED'].includes(toConnectorError(error).code)) return undefined;
    throw error;
  }
}
