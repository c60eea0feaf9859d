import { buildDataset } from '../../families/sql/dataset.js';
import type { ConstraintFacts, FoundDataset, RelationFacts } from '../../families/sql/sql-driver.js';
import type { DatasetKind, Field, ForeignKey, Index } from '../../spi/index.js';
import { fingerprintOf, type Versions } from './fingerprint.js';
import type { Row } from './raw-query.js';
import type { TypeBook } from './types.js';

/** The sets of one page; each row names its relation in the first column and is beside the others of it. */
export interface PageRows {
  readonly heads: readonly Row[];
  readonly columns: readonly Row[];
  readonly defaults: readonly Row[];
  readonly comments: readonly Row[];
  readonly constraints: readonly Row[];
  readonly indexes: readonly Row[];
  readonly definitions: readonly Row[];
}

/** What is read once for all pages. */
export interface Surroundings {
  readonly types: TypeBook;
  /** Names of index access methods by oid. */
  readonly methods: ReadonlyMap<string, string>;
  readonly blockSize: number;
}

const KINDS = new Map<string, DatasetKind>(
  Object.entries({
    r: 'table',
    v: 'view',
    m: 'materialized_view',
    f: 'foreign_table',
    p: 'partitioned_table',
  } as const),
);

const ACTIONS = new Map(
  Object.entries({
    a: 'NO ACTION',
    r: 'RESTRICT',
    c: 'CASCADE',
    n: 'SET NULL',
    d: 'SET DEFAULT',
  }),
);

const NOTHING: readonly Row[] = [];

/** The datasets of a page in the order of its heads, each made when it is taken. */
export function* assemble(page: PageRows, around: Surroundings): Generator<FoundDataset> {
  const columns = byRelation(page.columns);
  const defaults = byRelation(page.defaults);
  const comments = byRelation(page.comments);
  const constraints = byRelation(page.constraints);
  const indexes = byRelation(page.indexes);
  const definitions = byRelation(page.definitions);
  for (const head of page.heads) {
    const oid = head[0] ?? '';
    yield datasetOf(head, around, {
      columns: columns.get(oid) ?? NOTHING,
      defaults: defaults.get(oid) ?? NOTHING,
      comments: comments.get(oid) ?? NOTHING,
      constraints: constraints.get(oid) ?? NOTHING,
      indexes: indexes.get(oid) ?? NOTHING,
      definitions: definitions.get(oid) ?? NOTHING,
    });
  }
}

/** Runs of rows of one relation. */
function byRelation(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const runs = new Map<string, readonly Row[]>();
  let from = 0;
  for (let to = 1; to <= rows.length; to += 1) {
    if (rows[to]?.[0] === rows[from]?.[0]) continue;
    runs.set(rows[from]?.[0] ?? '', rows.slice(from, to));
    from = to;
  }
  return runs;
}

function datasetOf(head: Row, around: Surroundings, rows: Omit<PageRows, 'heads'>): FoundDataset {
  const versions: Versions = {
    columns: rows.columns.length,
    columnVersions: 0,
    types: 0,
    constraints: rows.constraints.length,
    constraintVersions: 0,
    references: '',
    indexRows: 2 * rows.indexes.length,
    indexVersions: 0,
    comments: rows.comments.length,
    commentVersions: 0,
  };
  const comments = textsOf(rows.comments);
  for (const row of rows.comments) versions.commentVersions += Number(row[3]);
  const names = new Map<string, string>();
  const fields = fieldsOf(rows, around.types, { versions, comments, names });
  const dataset = buildDataset({
    relation: relationOf(head, rows, { comments, blockSize: around.blockSize }),
    fields,
    constraints: rows.constraints.map((row) => constraintOf(row, names, versions)),
    indexes: rows.indexes.map((row) => indexOf(row, names, { versions, methods: around.methods })),
  });
  return { dataset, fingerprint: fingerprintOf(head[13] ?? '', versions) };
}

/** Second column to third. */
function textsOf(rows: readonly Row[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const row of rows) if (row[2] !== null) texts.set(row[1] ?? '', row[2] ?? '');
  return texts;
}

interface FieldsAround {
  readonly versions: Versions;
  readonly comments: ReadonlyMap<string, string>;
  /** Filled with the names by number. */
  readonly names: Map<string, string>;
}

type FieldDraft = { -readonly [K in keyof Field]: Field[K] };

function fieldsOf(rows: Omit<PageRows, 'heads'>, types: TypeBook, around: FieldsAround): Field[] {
  const { versions, comments, names } = around;
  const defaults = textsOf(rows.defaults);
  return rows.columns.map((row) => {
    const number = row[1] ?? '';
    const name = row[2] ?? '';
    names.set(number, name);
    versions.columnVersions += Number(row[9]);
    const type = types.of(row[3] ?? '', row[4] ?? '');
    versions.types += type.stamp;
    const field: FieldDraft = {
      name,
      ordinal: Number(number),
      native_type: type.native_type,
      type: type.type,
      nullable: row[5] === 'f',
    };
    if (type.max_length !== undefined) field.max_length = type.max_length;
    if (type.precision !== undefined) field.precision = type.precision;
    if (type.scale !== undefined) field.scale = type.scale;
    if (type.values) field.values = type.values;
    const text = defaults.get(number);
    if (text !== undefined) {
      if (row[7] === null) field.default = text;
      else field.generated = text;
    }
    if (row[6] !== null) field.identity = row[6] === 'a' ? 'always' : 'by_default';
    if (typeof row[8] === 'string') field.collation = row[8];
    const comment = comments.get(number);
    if (comment !== undefined) field.comment = comment;
    return field;
  });
}

interface RelationAround {
  readonly comments: ReadonlyMap<string, string>;
  readonly blockSize: number;
}

function relationOf(
  head: Row,
  rows: Omit<PageRows, 'heads'>,
  { comments, blockSize }: RelationAround,
): RelationFacts {
  const [, schema, name, letter, , estimate, pages, parentSchema, parent, key, bounds, server] = head;
  const kind = KINDS.get(letter ?? '') ?? 'table';
  const indexPages = rows.indexes.reduce((sum, row) => sum + Number(row[7]), 0);
  const size = (Number(pages) + indexPages) * blockSize;
  // -1, or 0 of 0 pages before PostgreSQL 14, is a table that was never looked at.
  const looked = Number(estimate) > 0 || (Number(estimate) === 0 && Number(pages) > 0);
  const stored = kind === 'table' || kind === 'materialized_view';
  return {
    schema: schema ?? '',
    name: name ?? '',
    kind: kind === 'table' && bounds !== null ? 'partition' : kind,
    comment: comments.get('0'),
    partitionOf:
      typeof parentSchema === 'string' && typeof parent === 'string'
        ? { schema: parentSchema, dataset: parent }
        : undefined,
    partitioning: key ?? bounds ?? undefined,
    definition: rows.definitions[0]?.[1] ?? undefined,
    rowEstimate: looked ? Math.round(Number(estimate)) : undefined,
    sizeBytes: stored && looked ? size : undefined,
    properties: propertiesOf(key, bounds, server),
  };
}

type Cell = string | null | undefined;

/** A partition that is itself split has bounds beside its key. */
function propertiesOf(key: Cell, bounds: Cell, server: Cell): Readonly<Record<string, string>> | undefined {
  if (typeof server === 'string') return { foreign_server: server };
  return typeof key === 'string' && typeof bounds === 'string' ? { bounds } : undefined;
}

function constraintOf(row: Row, names: ReadonlyMap<string, string>, versions: Versions): ConstraintFacts {
  const [, name, kind, key, onUpdate, onDelete, text, version] = row;
  versions.constraintVersions += Number(version);
  const base = { name: name ?? '' };
  if (kind === 'c' || kind === 'x') return { kind: 'check', ...base, expression: text ?? '' };
  const columns = numbersIn(key).map((number) => names.get(number) ?? '');
  if (kind !== 'f') return { kind: kind === 'p' ? 'primary' : 'unique', ...base, columns };
  versions.references += text ?? '';
  return {
    kind: 'foreign',
    ...base,
    columns,
    references: referenceOf(text ?? '', columns.length),
    on_update: ACTIONS.get(onUpdate ?? '') ?? 'NO ACTION',
    on_delete: ACTIONS.get(onDelete ?? '') ?? 'NO ACTION',
  };
}

/** A name as the server quotes it where it must, and what follows. */
const NAME = '(?:"((?:[^"]|"")*)"|([^". ]+))';
/** Without a schema it is one of the server's own relations. */
const REFERENCE = new RegExp(`^(?:${NAME}\\.)?${NAME} (.*)$`, 's');

function referenceOf(text: string, columns: number): ForeignKey['references'] {
  const [, quotedSchema, schema, quotedName, name, rest = ''] = REFERENCE.exec(text) ?? [];
  return {
    schema: quotedSchema?.replaceAll('""', '"') ?? schema ?? 'pg_catalog',
    dataset: quotedName?.replaceAll('""', '"') ?? name ?? '',
    columns: columns === 1 ? [rest] : (JSON.parse(rest === '' ? '[]' : rest) as string[]),
  };
}

/** `{1,2}` */
function numbersIn(array: Cell): string[] {
  return array === null || array === undefined || array === '{}' ? [] : array.slice(1, -1).split(',');
}

interface IndexAround {
  readonly versions: Versions;
  readonly methods: ReadonlyMap<string, string>;
}

function indexOf(row: Row, names: ReadonlyMap<string, string>, around: IndexAround): Index {
  const [, name, key, keyCount, unique, primary, method, , expressions, predicate, version, nameVersion] =
    row;
  around.versions.indexVersions += Number(version) + Number(nameVersion);
  const texts = expressions === null ? [] : (JSON.parse(expressions ?? '[]') as string[]);
  // Columns that an index only carries along come after those of its key; an expression has number 0.
  const columns = (key ?? '')
    .split(' ')
    .slice(0, Number(keyCount))
    .map((number, at) => (number === '0' ? (texts[at] ?? '') : (names.get(number) ?? '')));
  const index: { -readonly [K in keyof Index]: Index[K] } = {
    name: name ?? '',
    columns,
    unique: unique === 't',
  };
  if (primary === 't') index.primary = true;
  const methodName = around.methods.get(method ?? '');
  if (methodName !== undefined) index.method = methodName;
  if (typeof predicate === 'string') index.predicate = predicate;
  return index;
}
