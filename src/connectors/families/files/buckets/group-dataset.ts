import type { Dataset, Field } from '../../../spi/index.js';
import type { BucketFacts } from './bucket-source.js';
import type { PartitionColumn } from './object-group.js';
import type { NamedGroup } from './object-groups.js';
import type { GroupSample } from './sample-group.js';

/** A group of objects as a dataset: its numbers, and its columns where one object was looked into. */
export function groupDataset(
  bucket: string,
  { name, group, table }: NamedGroup,
  {
    facts,
    sample,
  }: { readonly facts: BucketFacts; readonly sample?: GroupSample | { readonly fault: string } },
): Dataset {
  const { format, files, bytes, first, last, newest } = group;
  const columns = [...group.partitions.values()];
  const found = sample !== undefined && !('fault' in sample) ? sample : undefined;
  const rows = found?.rows ?? (found?.density === undefined ? undefined : Math.round(found.density * bytes));
  return {
    schema: bucket,
    name,
    kind: table === undefined ? 'file' : 'table',
    fields: [...(found?.fields ?? []), ...columnFields(columns, found?.fields ?? [])],
    size_bytes: bytes,
    ...(rows === undefined || !Number.isSafeInteger(rows) ? {} : { row_estimate: rows }),
    ...(columns.length === 0
      ? {}
      : { partitioning: `HIVE (${columns.map((column) => column.name).join(', ')})` }),
    properties: {
      ...found?.properties,
      format: format.format,
      ...(format.compression === undefined ? {} : { compression: format.compression }),
      objects: files,
      ...(first > last
        ? {}
        : { first_modified: new Date(first).toISOString(), last_modified: new Date(last).toISOString() }),
      ...(newest === undefined || table !== undefined ? {} : { newest_object: newest.path }),
      ...Object.fromEntries(
        columns.map((column) => [`partition_${column.name}`, [...column.values].sort()] as const),
      ),
      ...(sample !== undefined && 'fault' in sample ? { sample_fault: sample.fault } : {}),
      ...facts,
    },
  };
}

/** Columns that only the folders name; a file may hold one of them as well. */
function columnFields(columns: readonly PartitionColumn[], fields: readonly Field[]): Field[] {
  const taken = new Set(fields.map(({ name }) => name));
  return columns
    .filter(({ name }) => !taken.has(name))
    .map(({ name, type }, at) => ({
      name,
      ordinal: fields.length + at + 1,
      native_type: 'partition folder',
      type,
      nullable: true,
      inferred: true,
    }));
}
