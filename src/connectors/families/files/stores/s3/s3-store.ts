import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import { elements, parseXml, textAt, type XmlElement } from '../../../http/xml.js';
import type { FileStore, ListedFile, ListedPrefix, ListOptions } from '../file-store.js';
import { openByRange, statByRange, type AskRange, type RangeAnswers } from '../remote-file.js';
import { S3Client } from './s3-client.js';
import { s3Fault } from './s3-faults.js';
import type { S3Config } from './s3-spec.js';

/** Names in one answer; the most that S3 gives. */
const PAGE = 1_000;

/** Opens the store of a connection that names a bucket; nothing is dialled before its first use. */
export function openS3Store(config: S3Config & { readonly bucket: string }, context: OpenContext): FileStore {
  return s3Store(new S3Client(config, context), config.bucket);
}

/** The objects of one bucket. */
export function s3Store(client: S3Client, bucket: string): FileStore {
  const ask =
    (key: string): AskRange =>
    ({ range, version, maxBytes }, signal) => {
      const headers = {
        ...(range === undefined ? {} : { range }),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      };
      return client.ask({ bucket, key, headers, maxBytes, asStored: true, signal });
    };
  return {
    stat: (key, signal) => statByRange(ask(key), S3_ANSWERS, signal),
    open: (key, signal) => openByRange(ask(key), S3_ANSWERS, signal),
    list: (prefix, options) => list(client, bucket, { prefix, ...options }),

    async presign(key, expiresInS, signal) {
      await statByRange(ask(key), S3_ANSWERS, signal);
      return { kind: 'url', url: await client.presign(bucket, key, expiresInS, signal) };
    },

    close: () => client.close(),
  };
}

const S3_ANSWERS: RangeAnswers = {
  version: ({ etag }) => (etag === undefined ? undefined : unquoted(etag)),
  fault: s3Fault,
};

const unquoted = (etag: string): string => etag.replaceAll('"', '');

async function* list(
  client: S3Client,
  bucket: string,
  { prefix, delimiter, limit = Infinity, signal }: ListOptions & { readonly prefix: string },
): AsyncGenerator<ListedFile | ListedPrefix> {
  let left = limit;
  let token: string | undefined;
  while (left > 0) {
    const query = {
      'list-type': 2,
      'encoding-type': 'url',
      prefix,
      delimiter,
      'max-keys': Math.min(PAGE, left),
      'continuation-token': token,
    };
    const page = parseXml((await client.call({ bucket, query, signal })).body);
    const entries = entriesOf(page);
    yield* left < entries.length ? entries.slice(0, left) : entries;
    left -= entries.length;
    const next = textAt(page, 'NextContinuationToken');
    if (textAt(page, 'IsTruncated') !== 'true') return;
    // A store that gives the same page again would be listed for ever.
    if (next === undefined || next === '' || next === token)
      throw new AppError('PROTOCOL', 'The store does not say where its list goes on.');
    token = next;
  }
}

/** The entries of a page, by name as the store sorts them. */
function entriesOf(page: XmlElement): (ListedFile | ListedPrefix)[] {
  const plain = textAt(page, 'EncodingType') === 'url' ? decodedKey : (key: string): string => key;
  const files = elements(page, 'Contents').map((entry): ListedFile => {
    const modified = textAt(entry, 'LastModified');
    return {
      path: plain(textAt(entry, 'Key') ?? ''),
      size: Number(textAt(entry, 'Size') ?? 0),
      version: unquoted(textAt(entry, 'ETag') ?? ''),
      ...(modified === undefined ? {} : { modified_at: modified }),
    };
  });
  const prefixes = elements(page, 'CommonPrefixes').map((entry): ListedPrefix => ({
    prefix: plain(textAt(entry, 'Prefix') ?? ''),
  }));
  if (prefixes.length === 0) return files;
  const name = (entry: ListedFile | ListedPrefix): string => ('path' in entry ? entry.path : entry.prefix);
  return [...files, ...prefixes].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** Keys may hold characters that XML cannot: they come encoded, with a plus for a space. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
