import { RecordSketch } from '../../families/records/record-sketch.js';
import type { Dataset, Field, Index, KeyConstraint } from '../../spi/index.js';

/** A container as the service describes it. */
export interface Container {
  readonly id: string;
  readonly partitionKey?: { readonly paths?: readonly string[]; readonly kind?: string };
  readonly indexingPolicy?: {
    readonly indexingMode?: string;
    readonly includedPaths?: readonly Path[];
    readonly excludedPaths?: readonly Path[];
    readonly compositeIndexes?: readonly (readonly (Path & { readonly order?: string })[])[];
    readonly spatialIndexes?: readonly Path[];
  };
  readonly uniqueKeyPolicy?: { readonly uniqueKeys?: readonly { readonly paths?: readonly string[] }[] };
  readonly defaultTtl?: number;
}
interface Path {
  readonly path?: string;
}

interface Looked {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly usage: ReadonlyMap<string, number>;
}

/** What the service adds to each item. */
const OF_THE_SERVICE: ReadonlySet<string> = new Set([
  '_rid',
  '_self',
  '_etag',
  '_attachments',
  '_ts',
  '_lsn',
]);

export function datasetOf(schema: string, container: Container, { items, usage }: Looked): Dataset {
  const { id, partitionKey, indexingPolicy: policy, uniqueKeyPolicy, defaultTtl } = container;
  const partition = partitionKey?.paths ?? [];
  const unique = (uniqueKeyPolicy?.uniqueKeys ?? []).map(({ paths = [] }) => paths);
  const key = columnsOf([...partition, '/id']);
  // A key holds within one value of the partition key.
  const uniqueKeys = unique.flatMap((paths, at): KeyConstraint[] => {
    const columns = columnsOf([...partition, ...paths]);
    return columns === undefined ? [] : [{ name: `unique_${String(at + 1)}`, columns }];
  });
  const documents = usage.get('documentsCount');
  const kilobytes = usage.get('documentsSize');
  return {
    schema,
    name: id,
    kind: 'collection',
    fields: fieldsOf(new Set([...(key ?? ['id']), ...uniqueKeys.flatMap(({ columns }) => columns)]), items),
    ...(key === undefined ? {} : { primary_key: { name: 'primary', columns: key } }),
    unique_keys: uniqueKeys,
    indexes: indexesOf(policy),
    ...(documents === undefined ? {} : { row_estimate: documents }),
    ...(kilobytes === undefined ? {} : { size_bytes: kilobytes * 1_024 }),
    properties: {
      partition_key: partition,
      ...(partitionKey?.kind === undefined ? {} : { partition_kind: partitionKey.kind }),
      unique_key_paths: unique.map((paths) => paths.join(',')),
      ...(policy?.indexingMode === undefined ? {} : { indexing_mode: policy.indexingMode }),
      indexed_paths: pathsOf(policy?.includedPaths),
      excluded_paths: pathsOf(policy?.excludedPaths),
      ...(defaultTtl === undefined ? {} : { default_ttl_s: defaultTtl }),
      sampled_items: items.length,
    },
  };
}

const pathsOf = (paths: readonly Path[] = []): string[] => paths.flatMap(({ path }) => path ?? []);

/** The fields that some paths name, each once; undefined where one lies inside of an object. */
function columnsOf(paths: readonly string[]): readonly string[] | undefined {
  const columns = paths.map((path) =>
    path
      .replace(/^\//, '')
      .replace(/\/\?$/, '')
      .replace(/^"(.*)"$/, '$1'),
  );
  return columns.some((column) => column === '' || column.includes('/')) ? undefined : [...new Set(columns)];
}

function indexesOf(policy: Container['indexingPolicy']): Index[] {
  const composite = (policy?.compositeIndexes ?? []).map((parts, at) => ({
    name: `composite_${String(at + 1)}`,
    columns: parts.map(({ path = '/', order }) => path.slice(1) + (order === 'descending' ? ' DESC' : '')),
    unique: false,
    method: 'composite',
  }));
  const spatial = pathsOf(policy?.spatialIndexes).map((path, at) => ({
    name: `spatial_${String(at + 1)}`,
    columns: [path.slice(1)],
    unique: false,
    method: 'spatial',
  }));
  return [...composite, ...spatial];
}

/** The fields of the keys first; their types are known from the sample alone, but for `id`, which is a text always. */
function fieldsOf(keys: ReadonlySet<string>, items: Looked['items']): Field[] {
  const sketch = new RecordSketch();
  for (const item of items)
    sketch.add(Object.fromEntries(Object.entries(item).filter(([name]) => !OF_THE_SERVICE.has(name))));
  const sampled = new Map(sketch.fields().map((field) => [field.name, field]));
  const declared = [...keys].map((name): Omit<Field, 'ordinal'> => {
    if (name === 'id') return { name, native_type: 'string', type: 'string', nullable: false };
    return sampled.get(name) ?? { name, native_type: 'unknown', type: 'unknown', nullable: true };
  });
  const others = [...sampled.values()].filter(({ name }) => !keys.has(name) && name !== 'id');
  return [...declared, ...others].map((field, at) => ({ ...field, ordinal: at + 1 }));
}
