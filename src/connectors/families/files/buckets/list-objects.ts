import type { DiscoveryStrategy } from '../../../spi/index.js';
import type { FileStore } from '../stores/file-store.js';
import { ObjectGroups, type NamedGroup } from './object-groups.js';

/** Objects that are listed in one bucket at most, and the time that it may take. */
const MAX_OBJECTS = 5_000_000;
const MAX_MS = 600_000;

/** Lists under way at one moment. */
const LISTS: Readonly<Record<DiscoveryStrategy, number>> = { conservative: 1, balanced: 4, aggressive: 8 };

/** Folders that are told apart before lists of them run beside each other. */
const MAX_FOLDERS = 1_000;

export interface ListedObjects {
  readonly groups: readonly NamedGroup[];
  /** Why it is not all. */
  readonly cut?: string;
}

interface Listing {
  readonly strategy: DiscoveryStrategy;
  readonly signal: AbortSignal;
}

/** Lists what is below the prefixes, several folders at a time, and keeps groups of it alone. */
export async function listObjects(
  store: FileStore,
  prefixes: readonly string[],
  { strategy, signal }: Listing,
): Promise<ListedObjects> {
  const groups = new ObjectGroups();
  const ends = performance.now() + MAX_MS;
  const full = new AbortController();
  let listed = 0;
  let cut: string | undefined;
  const take = (file: Parameters<ObjectGroups['add']>[0]): boolean => {
    groups.add(file);
    listed += 1;
    const bound = listed >= MAX_OBJECTS ? 'objects' : performance.now() >= ends ? 'time' : undefined;
    if (bound === undefined) return true;
    cut ??= `The list stopped at its limit of ${bound} after ${String(listed)} objects.`;
    full.abort();
    return false;
  };
  const queue = [...prefixes];
  const folders = LISTS[strategy] === 1 ? queue : await foldersOf(store, queue, { take, signal });
  const drain = async (): Promise<void> => {
    for (let prefix = folders.shift(); prefix !== undefined; prefix = folders.shift())
      for await (const entry of store.list(prefix, { signal }))
        if ('path' in entry && (full.signal.aborted || !take(entry))) return;
  };
  await Promise.all(Array.from({ length: LISTS[strategy] }, drain));
  return { groups: groups.list(), ...(cut === undefined ? {} : { cut }) };
}

/** The folders right below the prefixes, to be listed beside each other; their files are taken at once. */
async function foldersOf(
  store: FileStore,
  prefixes: readonly string[],
  {
    take,
    signal,
  }: { readonly take: (file: Parameters<ObjectGroups['add']>[0]) => boolean; readonly signal: AbortSignal },
): Promise<string[]> {
  const found: string[] = [];
  for (const prefix of prefixes) {
    // A bucket of very many folders is listed as it is: telling them apart would cost a list of its own.
    const folders: string[] = [];
    let flat = true;
    const files: Parameters<typeof take>[0][] = [];
    for await (const entry of store.list(prefix, { delimiter: '/', limit: MAX_FOLDERS, signal })) {
      flat = false;
      if ('path' in entry) files.push(entry);
      else folders.push(entry.prefix);
    }
    const short = files.length + folders.length < MAX_FOLDERS;
    if (!flat && short && folders.length > 0) {
      for (const file of files) take(file);
      found.push(...folders);
    } else found.push(prefix);
  }
  return found;
}
