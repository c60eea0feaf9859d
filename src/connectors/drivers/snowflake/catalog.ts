import { setTimeout as rest } from 'node:timers/promises';
import { AppError } from '../../../common/app-error.js';
import { inOrder } from '../../families/sql/in-order.js';
import { NameMatch } from '../../families/sql/name-match.js';
import { isOfLine, schemaReader } from '../../families/sql/schema-reader.js';
import type {
  CatalogPage,
  CatalogRequest,
  FoundDataset,
  ScopeHead,
  SqlCatalog,
} from '../../families/sql/sql-driver.js';
import { datasetOf, type SchemaFacts } from './assemble.js';
import type { Row, SnowflakeLine } from './line.js';
import * as ask from './queries.js';

const VERSION = 'snowflake/1';
const SYSTEM_DATABASES = ['SNOWFLAKE', 'SNOWFLAKE_SAMPLE_DATA'];
/** Datasets that are put together without a pause for other work of the process. */
const PAGE = 100;

/** The catalog of an account by SHOW: six statements for each schema, whatever it holds. */
export function snowflakeCatalog(line: SnowflakeLine): SqlCatalog {
  return {
    version: VERSION,
    token: () => Promise.resolve(undefined),
    read(request, signal) {
      const read: Read = { line, request, signal, match: new NameMatch(request.names), places: new Map() };
      return Promise.resolve(
        schemaReader({ scopes: () => scopes(read), datasets: (scope) => datasets(read, scope) }, signal),
      );
    },
  };
}

interface Read {
  readonly line: SnowflakeLine;
  readonly request: CatalogRequest;
  readonly signal: AbortSignal;
  readonly match: NameMatch;
  /** By the names of their scopes. */
  readonly places: Map<string, ask.Place>;
}

/** All rows of a list that can be read on behind a name. */
async function listed({ line, signal }: Read, make: (after?: string) => string): Promise<Row[]> {
  const found: Row[] = [];
  let after: string | undefined;
  for (;;) {
    const rows = await line.show(make(after), signal);
    found.push(...rows);
    const last = rows.at(-1)?.name ?? undefined;
    if (rows.length < ask.MOST_ROWS || last === undefined || last === after) return found;
    after = last;
  }
}

async function scopes(read: Read): Promise<readonly ScopeHead[]> {
  const { line, signal, match, places } = read;
  const { database: only } = line;
  const names =
    only === undefined
      ? namesOf(await listed(read, ask.databases)).filter((name) => !SYSTEM_DATABASES.includes(name))
      : [only];
  const heads: ScopeHead[] = [];
  for (const database of names) {
    try {
      for (const schema of namesOf(await listed(read, (after) => ask.schemas(database, after)))) {
        const scope = only === undefined ? `${database}.${schema}` : schema;
        if (schema === 'INFORMATION_SCHEMA' || !match.mayKeepIn(scope)) continue;
        places.set(scope, { database, schema, scope });
        heads.push({ name: scope });
      }
    } catch (error) {
      // A share may be listed and be withdrawn.
      if (only !== undefined || signal.aborted || isOfLine(error)) throw error;
      heads.push({ name: database, fault: error });
    }
  }
  return heads;
}

const namesOf = (rows: readonly Row[]): string[] => rows.flatMap(({ name }) => name ?? []).sort();

async function* datasets(read: Read, scope: string): AsyncGenerator<CatalogPage> {
  const { line, request, signal, match, places } = read;
  const place = places.get(scope);
  if (!place) return;
  const views = await listed(read, (after) => ask.views(place, after));
  const relations: readonly Row[] = [
    ...(await listed(read, (after) => ask.tables(place, after))),
    ...views.map((view): Row => ({ ...view, text: view.text ?? '' })),
  ].filter(({ name }) => typeof name === 'string' && match.keeps(scope, name));
  if (relations.length === 0) return;
  const { facts, complete } = await keysOf(read, place);
  if (!complete) yield { datasets: [], faults: [{ scope, status: 'partial', error: TOO_MANY_KEYS }] };
  const columns = await columnsOf(read, place);
  const width = columns === undefined ? request.pace.ahead : 1;
  const columnsFor = async ({ name }: Row): Promise<readonly Row[]> =>
    columns ? (columns.get(name ?? '') ?? []) : line.show(ask.columnsOfTable(place, name ?? ''), signal);
  for (let from = 0; from < relations.length; from += PAGE) {
    const page = relations.slice(from, from + PAGE);
    const found: FoundDataset[] = [];
    let at = 0;
    for await (const rows of inOrder(page, width, columnsFor)) {
      const relation = page[at++];
      // One without columns was dropped since it was listed.
      if (relation && rows.length > 0) found.push({ dataset: datasetOf(facts, relation, rows) });
    }
    yield { datasets: found };
    if (request.pace.pauseMs > 0) await rest(request.pace.pauseMs, undefined, { signal });
  }
}

const TOO_MANY_KEYS = new AppError(
  'UNSUPPORTED',
  `Snowflake tells no more than ${String(ask.MOST_ROWS)} keys of a schema; some are missing.`,
);

/** Columns by table; undefined for a schema with more of them than one SHOW tells. */
async function columnsOf({ line, signal }: Read, place: ask.Place): Promise<Map<string, Row[]> | undefined> {
  const rows = await line.show(ask.columns(place), signal);
  return rows.length < ask.MOST_ROWS ? byTable(rows, 'table_name') : undefined;
}

async function keysOf(
  { line, signal }: Read,
  place: ask.Place,
): Promise<{ readonly facts: SchemaFacts; readonly complete: boolean }> {
  const primary = await line.show(ask.keys('PRIMARY', place), signal);
  const unique = await line.show(ask.keys('UNIQUE', place), signal);
  const imported = await line.show(ask.keys('IMPORTED', place), signal);
  const only = line.database;
  return {
    complete: [primary, unique, imported].every((rows) => rows.length < ask.MOST_ROWS),
    facts: {
      scope: place.scope,
      primary: byTable(primary, 'table_name'),
      unique: byTable(unique, 'table_name'),
      imported: byTable(imported, 'fk_table_name'),
      scopeOf: (database, schema) => (database === only ? schema : `${database}.${schema}`),
    },
  };
}

function byTable(rows: readonly Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = row[column] ?? '';
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}
