import type { NormalizedType } from '../../../../spi/metadata.js';
import type { Findings, RangedTask } from '../../analysis.js';
import { FieldLister, tooManyFields, type ColumnFacts, type TypeFacts } from '../field-list.js';
import { ParseFault } from '../parse-fault.js';
import { RangedFile, type Ranges } from '../ranges.js';
import { readOrcFooter, type OrcType } from './orc-footer.js';

/** Columns and rows of an ORC file by its footer. */
export async function analyzeOrc(ranges: Ranges, { path, size }: RangedTask): Promise<Findings> {
  const { types, rows, stripes, codec, version } = await readOrcFooter(new RangedFile(ranges, path, size));
  const lister = new FieldLister();
  const root = types[0];
  if (!root || KINDS[root.kind]?.native !== 'struct')
    throw new ParseFault('The rows of the file are no structs: it has no columns.');
  const fields = lister.list(columnsOf({ lister, types }, 0));
  return {
    datasets: [
      {
        fields,
        ...(rows !== undefined && Number.isSafeInteger(rows) ? { rowEstimate: rows } : {}),
        properties: {
          stripes,
          compression: codec === 'deflate' ? 'zlib' : codec,
          ...(version === undefined ? {} : { format_version: version }),
        },
        ...tooManyFields(lister),
      },
    ],
  };
}

/** By the number of the kind in the format. */
const KINDS: readonly { readonly native: string; readonly type: NormalizedType }[] = [
  { native: 'boolean', type: 'boolean' },
  { native: 'tinyint', type: 'integer' },
  { native: 'smallint', type: 'integer' },
  { native: 'int', type: 'integer' },
  { native: 'bigint', type: 'integer' },
  { native: 'float', type: 'float' },
  { native: 'double', type: 'float' },
  { native: 'string', type: 'string' },
  { native: 'binary', type: 'binary' },
  { native: 'timestamp', type: 'timestamp' },
  { native: 'array', type: 'array' },
  { native: 'map', type: 'map' },
  { native: 'struct', type: 'object' },
  { native: 'uniontype', type: 'json' },
  { native: 'decimal', type: 'decimal' },
  { native: 'date', type: 'date' },
  { native: 'varchar', type: 'string' },
  { native: 'char', type: 'string' },
  { native: 'timestamp with local time zone', type: 'timestamp_tz' },
];

interface Schema {
  readonly lister: FieldLister;
  readonly types: readonly OrcType[];
}

function columnsOf(schema: Schema, id: number): ColumnFacts[] {
  const { children = [], names = [] } = schema.types[id] ?? {};
  return children.map((child, index) => ({
    name: names[index] ?? '',
    nullable: true,
    type: () => typeOf(schema, child, id),
  }));
}

/** Types stand before their children: an id that is not larger than its parent's would be a circle. */
function typeOf(schema: Schema, id: number, parent: number): TypeFacts {
  const type = schema.types[id];
  const kind = type && KINDS[type.kind];
  if (!type || !kind || id <= parent) throw new ParseFault('The types of the file are damaged.');
  const { native } = kind;
  const { maxLength, precision, scale = 0 } = type;
  if (kind.type === 'object') return { ...kind, fields: schema.lister.list(columnsOf(schema, id)) };
  if (kind.type === 'array') {
    const [item] = type.children;
    if (item === undefined) throw new ParseFault('The types of the file are damaged.');
    const { native: of, fields } = typeOf(schema, item, id);
    return { native: `array<${of}>`, type: 'array', fields };
  }
  if (kind.type === 'map' || native === 'uniontype') {
    const of = type.children
      .slice(0, 20)
      .map((child) => KINDS[schema.types[child]?.kind ?? -1]?.native ?? '?');
    return { native: `${native}<${of.join(',')}>`, type: kind.type };
  }
  if (native === 'decimal')
    return {
      native: `decimal(${String(precision ?? 38)},${String(scale)})`,
      type: 'decimal',
      precision,
      scale,
    };
  // Some writers give every type a length of 0.
  return native.endsWith('char') && maxLength !== undefined
    ? { native: `${native}(${String(maxLength)})`, type: 'string', maxLength }
    : kind;
}
