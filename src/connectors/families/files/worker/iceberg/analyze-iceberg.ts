import type { Field } from '../../../../spi/metadata.js';
import type { Findings, RangedTask } from '../../analysis.js';
import { beginningOf } from '../codecs/beginning.js';
import { FieldLister, tooManyFields } from '../field-list.js';
import { countIn, isObject, listIn, membersOf, objectIn, textIn, type JsonObject } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';
import type { Ranges } from '../ranges.js';
import { TableFolder } from '../table-folder.js';
import { storableName } from '../text-encoding.js';
import { icebergColumns } from './iceberg-types.js';

/** Of the metadata; schemas stand before the snapshots, which make it long. */
const METADATA_BYTES = 960 * 1024;
const UNPACKED_BYTES = 8 * 2 ** 20;
/** `v3.metadata.json`, `00003-<uuid>.metadata.json`, and packed: `.gz.metadata.json`, `.metadata.json.gz`. */
const METADATA = /^v?(\d{1,15})(?:-[^/]*?)?(?:\.gz)?\.metadata\.json(?:\.gz)?$/;

/** An Iceberg table by its newest metadata file: one or two reads. */
export async function analyzeIceberg(ranges: Ranges, { path }: RangedTask): Promise<Findings> {
  const folder = new TableFolder(ranges, path);
  const file = await currentMetadata(folder);
  const bytes = await folder.head(file, METADATA_BYTES);
  const text = Buffer.from(await plain(bytes ?? new Uint8Array())).toString('utf8');
  const { members, complete } = membersOf(text);
  const schema = currentSchema(members);
  if (!schema) throw new ParseFault('The metadata of the table holds no schema, or is damaged.');
  const lister = new FieldLister();
  const fields = lister.list(icebergColumns(lister, schema));
  const spec = partitionFields(members);
  const names = namesById(schema);
  const partitioning = spec.map((field) => partitionText(field, names)).join(', ');
  const summary = complete ? currentSummary(members) : {};
  const rows = countIn(summary['total-records']);
  const size = countIn(summary['total-files-size']);
  const version = countIn(members.get('format-version'));
  const key = keyColumns(schema, names, fields);
  const comment = textIn(objectIn(members.get('properties')).comment);
  return {
    datasets: [
      {
        fields,
        ...(rows === undefined ? {} : { rowEstimate: rows }),
        table: {
          ...(comment === undefined ? {} : { comment: storableName(comment, 4_000) }),
          ...(partitioning === '' ? {} : { partitioning: storableName(partitioning, 4_000) }),
          ...(key.length === 0 ? {} : { primary_key: { name: 'identifier', columns: key } }),
          ...(size === undefined ? {} : { size_bytes: size }),
        },
        properties: {
          format: 'iceberg',
          ...(version === undefined ? {} : { format_version: version }),
          metadata_file: storableName(file.name, 255),
          schema_id: countIn(schema['schema-id']) ?? 0,
          ...(complete ? { snapshots: listIn(members.get('snapshots')).length } : {}),
        },
        ...tooManyFields(lister),
      },
    ],
  };
}

interface MetadataFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

/** The one that the hint names, as tables without a catalog have it, else the one with the highest number. */
async function currentMetadata(folder: TableFolder): Promise<MetadataFile> {
  const files = await folder.list('metadata');
  const numbered = files.flatMap((file) => {
    const number = METADATA.exec(file.name)?.[1];
    return number === undefined || file.size === 0 ? [] : [{ ...file, number: Number(number) }];
  });
  const hint = files.find(({ name }) => name === 'version-hint.text');
  if (hint) {
    const text = Buffer.from((await folder.head(hint, 64)) ?? new Uint8Array())
      .toString('utf8')
      .trim();
    const named = numbered.find(({ name, number }) => name.startsWith('v') && String(number) === text);
    if (named) return named;
  }
  const newest = numbered.reduce<(typeof numbered)[number] | undefined>(
    (best, file) => (best && best.number >= file.number ? best : file),
    undefined,
  );
  if (!newest)
    throw new ParseFault(
      'The folder holds no Iceberg table: there is no metadata file in `metadata`.',
      'FILE_NOT_FOUND',
    );
  return newest;
}

async function plain(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return beginningOf('gzip', bytes, UNPACKED_BYTES);
}

type Members = ReadonlyMap<string, unknown>;

function currentSchema(members: Members): JsonObject | undefined {
  const id = members.get('current-schema-id');
  const schemas = listIn(members.get('schemas')).filter(isObject);
  const current =
    schemas.find((schema) => schema['schema-id'] === id) ?? (id === undefined ? schemas.at(-1) : undefined);
  const only = members.get('schema');
  return current ?? (isObject(only) ? only : undefined);
}

function partitionFields(members: Members): JsonObject[] {
  const id = members.get('default-spec-id');
  const specs = listIn(members.get('partition-specs')).filter(isObject);
  const spec = specs.find((candidate) => candidate['spec-id'] === id);
  return listIn(spec?.fields ?? members.get('partition-spec')).filter(isObject);
}

/** `day(placed_at)`, `bucket(16, id)`, `region`. */
function partitionText(field: JsonObject, names: ReadonlyMap<unknown, string>): string {
  const source = names.get(field['source-id'] ?? listIn(field['source-ids'])[0]) ?? textIn(field.name) ?? '?';
  const transform = textIn(field.transform) ?? 'identity';
  if (transform === 'identity') return source;
  const [, name, width] = /^(\w+)\[(\d+)\]$/.exec(transform) ?? [];
  return name !== undefined && width !== undefined
    ? `${name}(${width}, ${source})`
    : `${transform}(${source})`;
}

/** Names of columns by their ids, those of structs with a dot. */
function namesById(schema: JsonObject): Map<unknown, string> {
  const names = new Map<unknown, string>();
  const waiting: { readonly struct: JsonObject; readonly prefix: string }[] = [
    { struct: schema, prefix: '' },
  ];
  for (let next = waiting.pop(); next && names.size < 20_000; next = waiting.pop())
    for (const field of listIn(next.struct.fields).filter(isObject)) {
      const name = next.prefix + (textIn(field.name) ?? '');
      names.set(field.id, name);
      if (isObject(field.type) && name.length < 4_000)
        waiting.push({ struct: field.type, prefix: `${name}.` });
    }
  return names;
}

/** The identifier of rows, where all of its columns are listed. */
function keyColumns(
  schema: JsonObject,
  names: ReadonlyMap<unknown, string>,
  fields: readonly Field[],
): string[] {
  const listed = new Set(fields.map(({ name }) => name));
  const columns = listIn(schema['identifier-field-ids']).map((id) => names.get(id) ?? '');
  return columns.every((column) => listed.has(column)) ? columns : [];
}

function currentSummary(members: Members): JsonObject {
  const id = members.get('current-snapshot-id');
  const snapshots = listIn(members.get('snapshots')).filter(isObject);
  return objectIn(snapshots.find((snapshot) => snapshot['snapshot-id'] === id)?.summary);
}
