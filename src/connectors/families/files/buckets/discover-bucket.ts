import { createHash } from 'node:crypto';
import { AppError, type ErrorCode } from '../../../../common/app-error.js';
import type { DiscoveryEvent, DiscoveryRequest, DiscoveryStrategy } from '../../../spi/index.js';
import { isChosen } from '../../name-glob.js';
import type { FileStore } from '../stores/file-store.js';
import type { BucketFacts, BucketSource } from './bucket-source.js';
import { groupDataset } from './group-dataset.js';
import { listObjects } from './list-objects.js';
import { wantedPrefixes } from './list-scope.js';
import type { NamedGroup } from './object-groups.js';
import { canSample, sampleObject, sampleTable, type GroupSample } from './sample-group.js';

/** Changes when the same objects would give other facts: raise it with the rules. */
const RULES_VERSION = 1;

/** Groups of one bucket that are looked into, and how many at a time. */
const MAX_SAMPLES = 500;
const SAMPLES_AT_ONCE: Readonly<Record<DiscoveryStrategy, number>> = {
  conservative: 1,
  balanced: 2,
  aggressive: 4,
};

/** Faults after which the next bucket would only fail the same way. */
const FATAL: ReadonlySet<ErrorCode> = new Set([
  'UNREACHABLE',
  'TIMEOUT',
  'HOST_UNKNOWN',
  'TLS_FAILED',
  'AUTH_FAILED',
  'EGRESS_DENIED',
  'PROTOCOL',
]);

/**
 * Discovery of buckets: a scope is a bucket, a dataset the objects of one folder and one format. Objects are listed as a
 * stream and kept as numbers; one object of a group tells its columns where that is cheap.
 */
export async function* discoverBuckets(
  source: BucketSource,
  request: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  for (const scope of await source.buckets(signal)) {
    const prefixes = wantedPrefixes(scope, request);
    if (prefixes.length === 0) continue;
    yield { event: 'scope_started', scope };
    try {
      const store = source.store(scope);
      const facts = await source.facts(scope, signal);
      const { groups, cut } = await listObjects(store, prefixes, { strategy: request.strategy, signal });
      const chosen = groups.filter(({ name }) =>
        isChosen(`${scope}.${name}`, request.include, request.exclude),
      );
      yield* tellGroups({ bucket: scope, store, facts, groups: chosen }, request, signal);
      if (cut === undefined) yield { event: 'scope_ended', scope, status: 'complete' };
      else yield { event: 'scope_ended', scope, status: 'partial', reason: cut };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError) || FATAL.has(error.code)) throw error;
      const { code, message } = error;
      yield { event: 'scope_ended', scope, status: 'failed', code, reason: message };
    }
  }
}

interface Found {
  readonly bucket: string;
  readonly store: FileStore;
  readonly facts: BucketFacts;
  readonly groups: readonly NamedGroup[];
}

async function* tellGroups(
  { bucket, store, facts, groups }: Found,
  { since, strategy }: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  const known = await since?.fingerprints(bucket);
  const prints = new Map(groups.map((group) => [group, fingerprintOf(group, facts)]));
  const same = groups.filter((group) => known?.get(group.name) === prints.get(group));
  if (same.length > 0) yield { event: 'unchanged', scope: bucket, names: same.map(({ name }) => name) };
  const unchanged = new Set(same);
  const fresh = groups.filter((group) => !unchanged.has(group));
  const samples = ahead(fresh, SAMPLES_AT_ONCE[strategy], (group, at) =>
    at < MAX_SAMPLES ? lookInto(store, group, signal) : Promise.resolve(undefined),
  );
  for (const group of fresh) {
    const { value: sample } = await samples.next();
    const fingerprint = prints.get(group);
    yield {
      event: 'dataset',
      dataset: groupDataset(bucket, group, sample ? { facts, sample } : { facts }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    };
  }
}

/** A group that cannot be looked into is listed all the same, with the reason. */
async function lookInto(
  store: FileStore,
  { name, group, table }: NamedGroup,
  signal: AbortSignal,
): Promise<GroupSample | { fault: string } | undefined> {
  const { format, newest } = group;
  try {
    if (table !== undefined)
      return await sampleTable(store, { format: table, path: name === '/' ? '' : name }, signal);
    if (!newest || !canSample(format.format, format.compression)) return undefined;
    return await sampleObject(store, newest, { format: format.format, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError) || FATAL.has(error.code)) throw error;
    return { fault: `${error.code}: ${error.message}` };
  }
}

/** Results in their order, a few being worked on ahead. */
async function* ahead<T, R>(
  items: readonly T[],
  count: number,
  work: (item: T, at: number) => Promise<R>,
): AsyncGenerator<R, undefined> {
  const under: Promise<R>[] = [];
  for (const [at, item] of items.entries()) {
    const started = work(item, at);
    // Awaited in its turn; until then a failure is nobody's.
    started.catch(() => undefined);
    under.push(started);
    const next = under.length >= count ? under.shift() : undefined;
    if (next) yield await next;
  }
  for (const left of under) yield await left;
  return undefined;
}

function fingerprintOf({ group, table }: NamedGroup, facts: BucketFacts): string {
  return createHash('sha256')
    .update(JSON.stringify([RULES_VERSION, table, group.state, facts]))
    .digest('base64url');
}
