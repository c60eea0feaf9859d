import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import type { FileStore, ListedFile, ListedPrefix, ListOptions } from '../file-store.js';
import { openByRange, statByRange, type AskRange, type RangeAnswers } from '../remote-file.js';
import { GcsClient } from './gcs-client.js';
import { gcsFault } from './gcs-faults.js';
import type { GcsConfig } from './gcs-spec.js';

const PAGE = 1_000;

/** Opens the store of a connection that names a bucket; nothing is dialled before its first use. */
export function openGcsStore(
  config: GcsConfig & { readonly bucket: string },
  context: OpenContext,
): FileStore {
  return gcsStore(new GcsClient(config, context), config.bucket);
}

/** The objects of one bucket. */
export function gcsStore(client: GcsClient, bucket: string): FileStore {
  const ask =
    (name: string): AskRange =>
    async ({ range, version, maxBytes }, signal) => {
      const answer = await client.ask({
        segments: ['b', bucket, 'o', name],
        query: { alt: 'media', ifGenerationMatch: version },
        // Without the word that packed bytes are welcome, the store unpacks them and gives no ranges.
        headers: { 'accept-encoding': 'gzip', ...(range === undefined ? {} : { range }) },
        maxBytes,
        asStored: true,
        signal,
      });
      if (answer.status === 404 && gcsFault(answer).code !== 'FILE_NOT_FOUND') {
        // Whose 404 it is, the list of the bucket knows.
        await client.json({ segments: ['b', bucket, 'o'], query: { maxResults: 1 }, signal });
        throw new AppError('FILE_NOT_FOUND', 'The file does not exist.');
      }
      return answer;
    };
  return {
    stat: (name, signal) => statByRange(ask(name), ANSWERS, signal),
    open: (name, signal) => openByRange(ask(name), ANSWERS, signal),
    list: (prefix, options) => list(client, bucket, { prefix, ...options }),

    async presign(name, expiresInS, signal) {
      await statByRange(ask(name), ANSWERS, signal);
      return { kind: 'url', url: client.presign(bucket, name, expiresInS) };
    },

    close: () => client.close(),
  };
}

const ANSWERS: RangeAnswers = {
  version: ({ 'x-goog-generation': generation }) =>
    generation !== undefined && /^\d{1,20}$/.test(generation) ? generation : undefined,
  fault: gcsFault,
};

interface Page {
  readonly items?: readonly {
    readonly name?: string;
    readonly size?: string;
    readonly generation?: string;
    readonly updated?: string;
  }[];
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: string;
}

async function* list(
  client: GcsClient,
  bucket: string,
  { prefix, delimiter, limit = Infinity, signal }: ListOptions & { readonly prefix: string },
): AsyncGenerator<ListedFile | ListedPrefix> {
  let left = limit;
  let token: string | undefined;
  while (left > 0) {
    const page = (await client.json({
      segments: ['b', bucket, 'o'],
      query: {
        prefix: prefix === '' ? undefined : prefix,
        delimiter,
        maxResults: Math.min(PAGE, left),
        pageToken: token,
        fields: 'items(name,size,generation,updated),prefixes,nextPageToken',
      },
      signal,
    })) as Page;
    const entries = entriesOf(page);
    yield* left < entries.length ? entries.slice(0, left) : entries;
    left -= entries.length;
    const { nextPageToken: next } = page;
    if (next === undefined || next === '') return;
    // A store that gives the same page again would be listed for ever.
    if (next === token) throw new AppError('PROTOCOL', 'The store does not say where its list goes on.');
    token = next;
  }
}

function entriesOf({ items = [], prefixes = [] }: Page): (ListedFile | ListedPrefix)[] {
  const files = items.map(({ name = '', size = '0', generation = '', updated }): ListedFile => ({
    path: name,
    size: Number(size),
    version: generation,
    ...(updated === undefined ? {} : { modified_at: updated }),
  }));
  if (prefixes.length === 0) return files;
  const name = (entry: ListedFile | ListedPrefix): string => ('path' in entry ? entry.path : entry.prefix);
  return [...files, ...prefixes.map((prefix) => ({ prefix }))].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}
