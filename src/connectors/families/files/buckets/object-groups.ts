import { ANY_NAME, isWord } from '../../records/key-pattern.js';
import type { TableFormatName } from '../analysis.js';
import type { ListedFile } from '../stores/file-store.js';
import { folderName, type PartitionValue } from './folder-name.js';
import { formatOf, isMarker } from './object-format.js';
import { ObjectGroup, ownText } from './object-group.js';

/** A group under the name that it is shown by. */
export interface NamedGroup {
  /** Such as `events/{date}/*.parquet`; of a table its folder. */
  readonly name: string;
  readonly group: ObjectGroup;
  /** A folder that a table format keeps its log in. */
  readonly table?: TableFormatName;
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly groups: Map<string, ObjectGroup>;
  /** How many of `folders` are words; too many of them are values, not names. */
  words: number;
  /** An Iceberg table leaves these in its folder `metadata`. */
  tableMetadata: boolean;
}

interface Place {
  readonly path: string;
  readonly folder: Folder;
  readonly partitions: readonly PartitionValue[];
}

/** Different endings in one folder; what comes later is `unknown`. */
const MAX_ENDINGS = 30;
const MAX_DEPTH = 32;

/**
 * Groups objects by folder and format in bounded memory, while they are listed. Folders of partitions are one, and so are
 * folders named by dates, numbers and the like. Where more different words than that follow in one folder they are values
 * too; when there are too many groups, that limit falls.
 */
export class ObjectGroups {
  private readonly root = folder();
  private latest: Place | undefined;
  /** Folders and groups. */
  private count = 0;

  constructor(
    private readonly maxCount = 30_000,
    private maxWords = 2_000,
  ) {}

  add(file: ListedFile): void {
    const slash = file.path.lastIndexOf('/') + 1;
    const name = file.path.slice(slash);
    const { folder: at, partitions } = this.placeOf(file.path.slice(0, slash));
    if (name.endsWith('.metadata.json')) at.tableMetadata = true;
    if (isMarker(name)) return;
    this.groupOf(at, name).add(file, partitions);
    while (this.count > this.maxCount && this.maxWords > 1) {
      this.maxWords = Math.floor(this.maxWords / 2);
      this.narrow(this.root);
      this.latest = undefined;
    }
  }

  /** The folder of a path; lists give many files of one folder after each other. */
  private placeOf(path: string): Place {
    if (this.latest?.path === path) return this.latest;
    let at = this.root;
    const partitions: PartitionValue[] = [];
    for (const segment of path.split('/').slice(0, -1).slice(0, MAX_DEPTH)) {
      const { shown, partition } = folderName(segment);
      if (partition) partitions.push(partition);
      at = this.follow(at, shown);
    }
    this.latest = { path: ownText(path), folder: at, partitions };
    return this.latest;
  }

  /** All groups by name; tables are one each, with all that is in their folder. */
  list(): NamedGroup[] {
    const found: NamedGroup[] = [];
    const walk = (at: Folder, path: string): void => {
      const table = tableIn(at);
      if (table !== undefined) {
        const group = new ObjectGroup({ format: table, ending: '' });
        absorb(at, group);
        if (group.files > 0) found.push({ name: path.replace(/\/$/, '') || '/', group, table });
        return;
      }
      for (const [ending, group] of at.groups) found.push({ name: `${path}*${ending}`, group });
      for (const [name, next] of at.folders) walk(next, `${path}${name}/`);
    };
    walk(this.root, '');
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private groupOf(at: Folder, name: string): ObjectGroup {
    const format = formatOf(name);
    const key = at.groups.size < MAX_ENDINGS || at.groups.has(format.ending) ? format.ending : '';
    const known = at.groups.get(key);
    if (known) return known;
    const made = new ObjectGroup(key === format.ending ? format : { format: 'unknown', ending: '' });
    at.groups.set(key, made);
    this.count += 1;
    return made;
  }

  private follow(at: Folder, name: string): Folder {
    const known = at.folders.get(name) ?? (isWord(name) ? at.folders.get(ANY_NAME) : undefined);
    if (known) return known;
    // Beyond all bounds an object counts for the folder above.
    if (this.count > 2 * this.maxCount) return at;
    const made = folder();
    at.folders.set(ownText(name), made);
    this.count += 1;
    // The folders of a log say what the folder is: they are no values.
    if (!isWord(name) || LOGS.has(name)) return made;
    at.words += 1;
    if (at.words <= this.maxWords) return made;
    this.mergeWords(at);
    return at.folders.get(ANY_NAME) ?? made;
  }

  private narrow(at: Folder): void {
    if (at.words > this.maxWords) this.mergeWords(at);
    for (const next of at.folders.values()) this.narrow(next);
  }

  private mergeWords(at: Folder): void {
    const any = at.folders.get(ANY_NAME) ?? folder();
    if (!at.folders.has(ANY_NAME)) this.count += 1;
    at.folders.set(ANY_NAME, any);
    // The folder that was asked for last may be one of those that become one now.
    this.latest = undefined;
    for (const [name, next] of at.folders) {
      if (!isWord(name) || LOGS.has(name)) continue;
      at.folders.delete(name);
      this.mergeInto(any, next);
    }
    at.words = 0;
  }

  private mergeInto(into: Folder, from: Folder): void {
    this.count -= 1;
    into.tableMetadata ||= from.tableMetadata;
    for (const [ending, group] of from.groups) {
      const known = into.groups.get(ending);
      if (known) {
        known.merge(group);
        this.count -= 1;
      } else into.groups.set(ending, group);
    }
    for (const [name, next] of from.folders) this.mergeInto(this.follow(into, name), next);
  }
}

const LOGS: ReadonlyMap<string, TableFormatName> = new Map([
  ['_delta_log', 'delta_lake'],
  ['.hoodie', 'hudi'],
]);

function tableIn(at: Folder): TableFormatName | undefined {
  for (const [name, format] of LOGS) if (at.folders.has(name)) return format;
  return at.folders.get('metadata')?.tableMetadata === true ? 'iceberg' : undefined;
}

function absorb(from: Folder, into: ObjectGroup): void {
  for (const group of from.groups.values()) into.merge(group);
  for (const next of from.folders.values()) absorb(next, into);
}

function folder(): Folder {
  return { folders: new Map(), groups: new Map(), words: 0, tableMetadata: false };
}
