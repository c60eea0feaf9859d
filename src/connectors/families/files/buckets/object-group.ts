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
  first: string | undefined;
  last: string | undefined;
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
    const { modified_at: at } = file;
    if (at !== undefined) {
      if (this.first === undefined || at < this.first) this.first = at;
      if (this.last === undefined || at > this.last) this.last = at;
    }
    if (file.size > 0 && (this.newest === undefined || (at ?? '') > (this.newest.modified_at ?? '')))
      this.newest = file;
    for (const partition of partitions) this.addValue(partition);
  }

  /** Takes in another group. */
  merge(other: ObjectGroup): void {
    this.files += other.files;
    this.bytes += other.bytes;
    this.mark = (this.mark + other.mark) % Number.MAX_SAFE_INTEGER;
    if (other.first !== undefined && (this.first === undefined || other.first < this.first))
      this.first = other.first;
    if (other.last !== undefined && (this.last === undefined || other.last > this.last))
      this.last = other.last;
    const [mine, theirs] = [this.newest?.modified_at ?? '', other.newest?.modified_at ?? ''];
    if (other.newest && (this.newest === undefined || theirs > mine)) this.newest = other.newest;
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
      this.partitions.set(name, { name, type, values: new Set([value]) });
      return;
    }
    if (column.type !== type) column.type = 'string';
    if (column.values.size < MAX_VALUES) column.values.add(value);
  }
}

/** FNV-1a over the name and the version. */
function hashOf({ path, version }: ListedFile): number {
  let hash = 0x811c9dc5;
  for (const text of [path, version])
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
