import type { ListedFile } from '../stores/file-store.js';
import type { ObjectFormat } from './object-format.js';
import type { PartitionValue } from './folder-name.js';

const MAX_VALUES = 20;

/** The values of one column of hive partitions. */
export interface PartitionColumn {
  readonly name: string;
  type: 'integer' | 'date' | 'string';
  /** The first few of them. */
  readonly values: Set<string>;
}

/** The objects of one folder and one format, as numbers: nothing grows with their count. */
export class ObjectGroup {
  files = 0;
  bytes = 0;
  /** Milliseconds since 1970 of the first and the last write. */
  first = Infinity;
  last = -Infinity;
  /** The one that was written last and is not empty: the one to look into. */
  newest: ListedFile | undefined;
  readonly partitions = new Map<string, PartitionColumn>();
  /** Changes with any name and version in the group, whatever their order. */
  private mark = 0;

  constructor(readonly format: ObjectFormat) {}

  add(file: ListedFile, partitions: readonly PartitionValue[]): void {
    this.files += 1;
    this.bytes += file.size;
    this.mark = (this.mark + hashOf(file)) % Number.MAX_SAFE_INTEGER;
    const at = file.modified_at === undefined ? Number.NaN : Date.parse(file.modified_at);
    if (at < this.first) this.first = at;
    if (file.size > 0 && (this.newest === undefined || at > this.last)) this.newest = kept(file);
    if (at > this.last) this.last = at;
    for (const partition of partitions) this.addValue(partition);
  }

  /** Takes in another group. */
  merge(other: ObjectGroup): void {
    this.files += other.files;
    this.bytes += other.bytes;
    this.mark = (this.mark + other.mark) % Number.MAX_SAFE_INTEGER;
    if (other.newest && (this.newest === undefined || other.last > this.last)) this.newest = other.newest;
    this.first = Math.min(this.first, other.first);
    this.last = Math.max(this.last, other.last);
    for (const { name, type, values } of other.partitions.values())
      for (const value of values) this.addValue({ name, value, type });
  }

  /** Changes with the names and versions of the objects. */
  get state(): readonly unknown[] {
    return [this.files, this.bytes, this.mark];
  }

  private addValue({ name, value, type }: PartitionValue): void {
    const column = this.partitions.get(name);
    if (!column) {
      this.partitions.set(ownText(name), { name: ownText(name), type, values: new Set([ownText(value)]) });
      return;
    }
    if (column.type !== type) column.type = 'string';
    if (column.values.size < MAX_VALUES && !column.values.has(value)) column.values.add(ownText(value));
  }
}

/**
 * A copy of a text: a part of a page of a list would hold the whole page in memory.
 */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

const kept = ({ path, size, version }: ListedFile): ListedFile => ({
  path: ownText(path),
  size,
  version: ownText(version),
});

/** FNV-1a over the name and the version. */
function hashOf({ path, version }: ListedFile): number {
  let hash = 0x811c9dc5;
  for (const text of [path, version])
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
