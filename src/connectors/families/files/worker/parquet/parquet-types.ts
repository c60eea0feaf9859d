import type { SchemaElement } from 'hyparquet';
import type { NormalizedType } from '../../../../spi/metadata.js';
import type { ColumnFacts, FieldLister, TypeFacts } from '../field-list.js';
import { ParseFault } from '../parse-fault.js';

/** An element of the schema with what lies below it. */
export interface SchemaNode {
  readonly element: SchemaElement;
  readonly children: readonly SchemaNode[];
}

const MAX_DEPTH = 200;

/** The tree of a schema that stands in the file as a list. Throws ParseFault where the counts do not fit. */
export function schemaTree(elements: readonly SchemaElement[]): SchemaNode {
  let at = 0;
  const next = (depth: number): SchemaNode => {
    const element = elements[at++];
    if (!element || depth > MAX_DEPTH)
      throw new ParseFault(element ? 'The schema nests too deep.' : 'The schema of the file is damaged.');
    const children: SchemaNode[] = [];
    for (let count = element.num_children ?? 0; count > 0; count--) children.push(next(depth + 1));
    return { element, children };
  };
  return next(0);
}

export function columnsOf(lister: FieldLister, { children }: SchemaNode): ColumnFacts[] {
  return children.map((child) => ({
    name: child.element.name,
    nullable: child.element.repetition_type === 'OPTIONAL',
    // A repeated field outside of a list is a list of its own, as old writers made them.
    type: () =>
      child.element.repetition_type === 'REPEATED' ? arrayOf(lister, child) : typeOf(lister, child),
  }));
}

const isList = ({ element }: SchemaNode): boolean =>
  element.converted_type === 'LIST' || element.logical_type?.type === 'LIST';
const isMap = ({ element }: SchemaNode): boolean =>
  element.converted_type === 'MAP' ||
  element.converted_type === 'MAP_KEY_VALUE' ||
  element.logical_type?.type === 'MAP';

function typeOf(lister: FieldLister, node: SchemaNode): TypeFacts {
  const { element, children } = node;
  if (element.logical_type?.type === 'VARIANT') return { native: 'VARIANT', type: 'json' };
  if (children.length === 0) return leafType(element);
  const [only] = children;
  if (children.length === 1 && only?.element.repetition_type === 'REPEATED') {
    if (isList(node)) return arrayOf(lister, itemOf(node, only));
    if (isMap(node)) {
      const [key, value] = only.children.map((child) => shortType(child));
      return { native: `MAP<${key ?? '?'},${value ?? '?'}>`, type: 'map' };
    }
  }
  return { native: 'STRUCT', type: 'object', fields: lister.list(columnsOf(lister, node)) };
}

/** The rules of the format for lists of old writers: the repeated group is the item itself unless it only wraps one. */
function itemOf({ element }: SchemaNode, repeated: SchemaNode): SchemaNode {
  const [inner] = repeated.children;
  const wraps =
    repeated.children.length === 1 &&
    repeated.element.name !== 'array' &&
    repeated.element.name !== `${element.name}_tuple`;
  return wraps && inner ? inner : repeated;
}

function arrayOf(lister: FieldLister, item: SchemaNode): TypeFacts {
  const plain: SchemaNode = { ...item, element: { ...item.element, repetition_type: 'REQUIRED' } };
  const { native, fields } = typeOf(lister, plain);
  return { native: `LIST<${native}>`, type: 'array', ...(fields ? { fields } : {}) };
}

const shortType = (node: SchemaNode): string =>
  node.children.length === 0 ? leafType(node.element).native : isList(node) ? 'LIST' : 'STRUCT';

const PLAIN: Readonly<Record<string, NormalizedType>> = {
  BOOLEAN: 'boolean',
  INT32: 'integer',
  INT64: 'integer',
  INT96: 'timestamp',
  FLOAT: 'float',
  DOUBLE: 'float',
  BYTE_ARRAY: 'binary',
  FIXED_LEN_BYTE_ARRAY: 'binary',
};

const NAMED: Readonly<Record<string, NormalizedType>> = {
  STRING: 'string',
  UTF8: 'string',
  ENUM: 'string',
  JSON: 'json',
  BSON: 'json',
  UUID: 'uuid',
  DATE: 'date',
  FLOAT16: 'float',
  INTERVAL: 'interval',
  GEOMETRY: 'geometry',
  GEOGRAPHY: 'geometry',
  NULL: 'unknown',
};

function leafType(element: SchemaElement): TypeFacts {
  const { logical_type: logical, converted_type: converted, type: physical = 'BYTE_ARRAY' } = element;
  if (logical?.type === 'DECIMAL' || converted === 'DECIMAL') {
    const { precision, scale } = logical?.type === 'DECIMAL' ? logical : element;
    return {
      native: `DECIMAL(${String(precision)},${String(scale ?? 0)})`,
      type: 'decimal',
      precision,
      scale: scale ?? 0,
    };
  }
  if (logical?.type === 'TIMESTAMP') {
    const zone = logical.isAdjustedToUTC;
    return {
      native: `TIMESTAMP(${logical.unit}${zone ? ',UTC' : ''})`,
      type: zone ? 'timestamp_tz' : 'timestamp',
    };
  }
  if (logical?.type === 'TIME') return { native: `TIME(${logical.unit})`, type: 'time' };
  if (logical?.type === 'INTEGER')
    return { native: `${logical.isSigned ? 'INT' : 'UINT'}_${String(logical.bitWidth)}`, type: 'integer' };
  // Before there were logical types, a timestamp was always one of UTC.
  if (converted?.startsWith('TIMESTAMP')) return { native: converted, type: 'timestamp_tz' };
  if (converted?.startsWith('TIME')) return { native: converted, type: 'time' };
  if (converted !== undefined && /^U?INT_/.test(converted)) return { native: converted, type: 'integer' };
  const name = logical?.type ?? converted;
  const named = name === undefined ? undefined : NAMED[name];
  if (name !== undefined && named) return { native: name === 'UTF8' ? 'STRING' : name, type: named };
  const length = physical === 'FIXED_LEN_BYTE_ARRAY' ? element.type_length : undefined;
  return {
    native: length === undefined ? physical : `${physical}(${String(length)})`,
    type: PLAIN[physical] ?? 'unknown',
    maxLength: length,
  };
}
