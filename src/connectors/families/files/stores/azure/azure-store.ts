import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import { elements, parseXml, textAt, type XmlElement } from '../../../http/xml.js';
import type { FileStore, ListedFile, ListedPrefix, ListOptions } from '../file-store.js';
import { openByRange, statByRange, type AskRange, type RangeAnswers } from '../remote-file.js';
import { AzureClient } from './azure-client.js';
import { azureFault } from './azure-faults.js';
import type { AzureConfig } from './azure-spec.js';

/** More at once would hold up the event loop. */
const PAGE = 2_000;

/** Opens the store of a connection that names a container; nothing is dialled before its first use. */
export function openAzureStore(
  config: AzureConfig & { readonly container: string },
  context: OpenContext,
): FileStore {
  return azureStore(new AzureClient(config, context), config.container);
}

/** The blobs of one container. */
export function azureStore(client: AzureClient, container: string): FileStore {
  const ask =
    (name: string): AskRange =>
    ({ range, version, maxBytes }, signal) => {
      const headers = {
        ...(range === undefined ? {} : { 'x-ms-range': range }),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      };
      return client.ask({ container, name, headers, maxBytes, asStored: true, signal });
    };
  return {
    stat: (name, signal) => statByRange(ask(name), ANSWERS, signal),
    open: (name, signal) => openByRange(ask(name), ANSWERS, signal),
    list: (prefix, options) => list(client, container, { prefix, ...options }),

    async presign(name, expiresInS, signal) {
      await statByRange(ask(name), ANSWERS, signal);
      return { kind: 'url', url: client.presign(container, name, expiresInS) };
    },

    close: () => client.close(),
  };
}

const ANSWERS: RangeAnswers = {
  version: ({ etag }) => (etag === undefined ? undefined : unquoted(etag)),
  fault: azureFault,
};

const unquoted = (etag: string): string => etag.replaceAll('"', '');

async function* list(
  client: AzureClient,
  container: string,
  { prefix, delimiter, limit = Infinity, signal }: ListOptions & { readonly prefix: string },
): AsyncGenerator<ListedFile | ListedPrefix> {
  let left = limit;
  let marker: string | undefined;
  while (left > 0) {
    const query = {
      restype: 'container',
      comp: 'list',
      prefix: prefix === '' ? undefined : prefix,
      delimiter,
      maxresults: Math.min(PAGE, left),
      marker,
    };
    const page = parseXml((await client.call({ container, query, signal })).body);
    const entries = entriesOf(page);
    yield* left < entries.length ? entries.slice(0, left) : entries;
    left -= entries.length;
    const next = textAt(page, 'NextMarker');
    if (next === undefined || next === '') return;
    // A store that gives the same page again would be listed for ever.
    if (next === marker) throw new AppError('PROTOCOL', 'The store does not say where its list goes on.');
    marker = next;
  }
}

function entriesOf(page: XmlElement): (ListedFile | ListedPrefix)[] {
  const blobs = page.children.find(({ name }) => name === 'Blobs');
  const entries: (ListedFile | ListedPrefix)[] = [];
  for (const child of blobs?.children ?? []) {
    const name = nameOf(child);
    if (child.name === 'BlobPrefix') entries.push({ prefix: name });
    // A folder of an account with a hierarchy is a blob as well.
    if (child.name !== 'Blob' || textAt(child, 'Properties', 'ResourceType') === 'directory') continue;
    const modified = Date.parse(textAt(child, 'Properties', 'Last-Modified') ?? '');
    entries.push({
      path: name,
      size: Number(textAt(child, 'Properties', 'Content-Length') ?? 0),
      version: unquoted(textAt(child, 'Properties', 'Etag') ?? ''),
      ...(Number.isNaN(modified) ? {} : { modified_at: new Date(modified).toISOString() }),
    });
  }
  const key = (entry: ListedFile | ListedPrefix): string => ('path' in entry ? entry.path : entry.prefix);
  return entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function nameOf(entry: XmlElement): string {
  const [name] = elements(entry, 'Name');
  if (name?.encoded !== true) return name?.text ?? '';
  try {
    return decodeURIComponent(name.text);
  } catch {
    return name.text;
  }
}
