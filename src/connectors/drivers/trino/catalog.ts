import { setTimeout as rest } from 'node:timers/promises';
import { buildDataset } from '../../families/sql/dataset.js';
import { NameMatch } from '../../families/sql/name-match.js';
import { isOfLine, schemaReader } from '../../families/sql/schema-reader.js';
import type {
  CatalogPage,
  CatalogRequest,
  FoundDataset,
  ScopeHead,
  SqlCatalog,
} from '../../families/sql/sql-driver.js';
import type { DatasetKind, Field } from '../../spi/index.js';
import type { Row, TrinoLine } from './line.js';
import * as ask from './queries.js';
import { typeFacts } from './types.js';

const VERSION = 'trino/1';

/** The catalogs of a Trino. Each schema is read by five statements whatever it holds; its columns as they come in. */
export function trinoCatalog(line: TrinoLine): SqlCatalog {
  return {
    version: VERSION,
    // What a catalog shows is another system's, of which no change is told.
    token: () => Promise.resolve(undefined),
    read(request, signal) {
      const read: Read = { line, request, signal, places: new Map() };
      return Promise.resolve(
        schemaReader({ scopes: () => scopes(read), datasets: (scope) => datasets(read, scope) }, signal),
      );
    },
  };
}

interface Read {
  readonly line: TrinoLine;
  readonly request: CatalogRequest;
  readonly signal: AbortSignal;
  /** By the names of their scopes. */
  readonly places: Map<string, ask.Place>;
}

async function scopes({ line, request, signal, places }: Read): Promise<readonly ScopeHead[]> {
  const { catalog: only } = line;
  const match = new NameMatch(request.names);
  const catalogs =
    only === undefined ? (await line.rows(ask.CATALOGS, signal)).map(([name]) => String(name)) : [only];
  const heads: ScopeHead[] = [];
  for (const catalog of catalogs) {
    try {
      for (const [name] of await line.rows(ask.schemas(catalog), signal)) {
        const schema = String(name);
        const scope = only === undefined ? `${catalog}.${schema}` : schema;
        if (!match.mayKeepIn(scope)) continue;
        places.set(scope, { catalog, schema, scope });
        heads.push({ name: scope });
      }
    } catch (error) {
      // The system behind one catalog is down, or closed to this account: the others are not.
      if (only !== undefined || signal.aborted || isOfLine(error)) throw error;
      heads.push({ name: catalog, fault: error });
    }
  }
  return heads;
}

/** What is known of the tables of a schema beside their columns. */
interface SchemaFacts {
  readonly place: ask.Place;
  readonly kinds: ReadonlyMap<string, string>;
  readonly comments: ReadonlyMap<string, string>;
  readonly views: ReadonlyMap<string, string>;
  readonly materialized: ReadonlyMap<string, string>;
}

async function* datasets(read: Read, scope: string): AsyncGenerator<CatalogPage> {
  const { line, request, signal, places } = read;
  const place = places.get(scope);
  if (!place) return;
  const { names, pace } = request;
  const texts = async (sql: string): Promise<ReadonlyMap<string, string>> =>
    textsOf(await line.rows(sql, signal));
  const kinds = await texts(ask.tables(place, names));
  if (kinds.size === 0) return;
  const facts: SchemaFacts = {
    place,
    kinds,
    comments: await texts(ask.comments(place, names)),
    views: [...kinds.values()].includes('VIEW') ? await texts(ask.views(place, names)) : new Map(),
    materialized: await texts(ask.materializedViews(place, names)),
  };
  let table: Row[] = [];
  for await (const rows of line.pages(ask.columns(place, names), signal)) {
    const found: FoundDataset[] = [];
    for (const row of rows) {
      if (table.length > 0 && table[0]?.[0] !== row[0]) {
        found.push(...datasetOf(facts, table));
        table = [];
      }
      table.push(row);
    }
    if (found.length > 0) yield { datasets: found };
    if (pace.pauseMs > 0) await rest(pace.pauseMs, undefined, { signal });
  }
  yield { datasets: datasetOf(facts, table) };
}

function datasetOf(facts: SchemaFacts, columns: readonly Row[]): FoundDataset[] {
  const name = String(columns[0]?.[0]);
  const listed = facts.kinds.get(name);
  // It came between two statements: the next run finds it whole.
  if (listed === undefined) return [];
  const materialized = facts.materialized.get(name);
  const kind: DatasetKind =
    materialized !== undefined ? 'materialized_view' : listed === 'VIEW' ? 'view' : 'table';
  const relation = {
    schema: facts.place.scope,
    name,
    kind,
    comment: facts.comments.get(name),
    definition: materialized ?? facts.views.get(name),
  };
  return [
    { dataset: buildDataset({ relation, fields: columns.map(fieldOf), constraints: [], indexes: [] }) },
  ];
}

function fieldOf(row: Row, at: number): Field {
  const [, name, preset, nullable, type, comment] = row;
  return {
    name: String(name),
    ordinal: at + 1,
    native_type: String(type),
    ...typeFacts(String(type)),
    nullable: nullable !== 'NO',
    ...(typeof preset === 'string' ? { default: preset } : {}),
    ...(typeof comment === 'string' && comment !== '' ? { comment } : {}),
  };
}

/** Rows of a name and a text; those without a text are left out. */
function textsOf(rows: readonly Row[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, text] of rows)
    if (typeof name === 'string' && typeof text === 'string' && text !== '') texts.set(name, text);
  return texts;
}
