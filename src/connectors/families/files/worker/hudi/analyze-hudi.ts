import { CAPS, type Findings, type RangedTask } from '../../analysis.js';
import { AvroSchema } from '../avro/avro-schema.js';
import { FieldLister, tooManyFields } from '../field-list.js';
import { parsedJson } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';
import type { Ranges } from '../ranges.js';
import { TableFolder } from '../table-folder.js';
import { storableName } from '../text-encoding.js';
import { schemaOfCommit } from './commit-metadata.js';

const PROPERTIES_BYTES = 64 * 1024;
const COMMIT_BYTES = 2 * 2 ** 20;
/** Compactions and the like may carry no schema: so many of the newest commits are looked at. */
const MAX_COMMITS = 10;
/** `<begin>.commit`, or `<begin>_<end>.commit` in newer tables; what is under way has another ending. */
const COMPLETED = /^(\d{14,20})(?:_(\d{14,20}))?\.(?:commit|deltacommit|replacecommit)$/;

/** A Hudi table by its properties and the schema of its newest commit. */
export async function analyzeHudi(ranges: Ranges, { path }: RangedTask): Promise<Findings> {
  const folder = new TableFolder(ranges, path, CAPS.wideRangeBytes);
  const files = await folder.list('.hoodie');
  const place = files.find(({ name }) => name === 'hoodie.properties');
  const properties = parseProperties(place ? await folder.head(place, PROPERTIES_BYTES) : undefined);
  if (properties.size === 0)
    throw new ParseFault(
      'The folder holds no Hudi table: there is no `.hoodie/hoodie.properties`.',
      'FILE_NOT_FOUND',
    );
  const timeline = [...files, ...(await folder.list('.hoodie/timeline'))];
  const text = (await newestSchema(folder, timeline)) ?? properties.get('hoodie.table.create.schema');
  const schema = text === undefined ? undefined : parsedJson(text);
  if (schema === undefined) throw new ParseFault('No commit of the table holds a schema.');
  const lister = new FieldLister();
  const fields = lister.list(new AvroSchema(schema, lister).columns());
  const listed = new Set(fields.map(({ name }) => name));
  const keys = namesIn(properties.get('hoodie.table.recordkey.fields'));
  const partitions = namesIn(properties.get('hoodie.table.partition.fields'));
  const property = (name: string, key: string) => {
    const value = properties.get(key);
    return value === undefined ? {} : { [name]: storableName(value, 255) };
  };
  return {
    datasets: [
      {
        fields,
        table: {
          ...(keys.length > 0 && keys.every((key) => listed.has(key))
            ? { primary_key: { name: 'record_key', columns: keys } }
            : {}),
          ...(partitions.length === 0 ? {} : { partitioning: storableName(partitions.join(', '), 4_000) }),
        },
        properties: {
          format: 'hudi',
          ...property('table_name', 'hoodie.table.name'),
          ...property('table_type', 'hoodie.table.type'),
          ...property('format_version', 'hoodie.table.version'),
          ...(partitions.length === 0 ? {} : { partition_columns: partitions }),
        },
        ...tooManyFields(lister),
      },
    ],
  };
}

type TimelineFile = Awaited<ReturnType<TableFolder['list']>>[number];

async function newestSchema(
  folder: TableFolder,
  timeline: readonly TimelineFile[],
): Promise<string | undefined> {
  const commits = timeline
    .flatMap((file) => {
      const [, begin, end] = COMPLETED.exec(file.name) ?? [];
      return begin === undefined || file.size === 0 ? [] : [{ file, time: end ?? begin }];
    })
    .sort((a, b) => (a.time < b.time ? 1 : -1));
  for (const { file } of commits.slice(0, MAX_COMMITS)) {
    const bytes = await endOf(folder, file);
    const schema = bytes && schemaOfCommit(bytes);
    if (schema !== undefined && schema !== '') return schema;
  }
  return undefined;
}

/** All of a commit, or its end where it is long: the schema stands there. */
async function endOf(folder: TableFolder, file: TimelineFile): Promise<Uint8Array | undefined> {
  if (file.size <= COMMIT_BYTES) return folder.head(file, COMMIT_BYTES);
  if (folder.left < COMMIT_BYTES) return undefined;
  folder.left -= COMMIT_BYTES;
  return folder.ranges.read(file.path, file.size - COMMIT_BYTES, COMMIT_BYTES);
}

/** Java's properties: `key=value`, `#` begins a comment, a backslash takes the next character as it is. */
function parseProperties(bytes: Uint8Array | undefined): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of Buffer.from(bytes ?? new Uint8Array())
    .toString('utf8')
    .split(/\r?\n/)) {
    const [, key, value] = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) properties.set(key, value.replaceAll(/\\(.)/g, '$1'));
  }
  return properties;
}

const namesIn = (list: string | undefined): string[] =>
  (list ?? '')
    .split(',')
    // A partition field may name its type, such as `day:TIMESTAMP`.
    .map((name) => storableName(name.trim().replace(/:.*$/, ''), 255))
    .filter((name) => name !== '');
