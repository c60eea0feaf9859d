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
import { datasetOf, kindOf, type ConstraintsAnswer, type TableAnswer } from './assemble.js';
import type { DatabricksLine } from './line.js';

const VERSION = 'databricks/1';
const SYSTEM_CATALOGS = ['system', '__databricks_internal'];

/**
 * Unity Catalog: tables come with their columns in pages of a list. Keys are not in the list, so each table that may have
 * some is asked for them.
 */
export function databricksCatalog(line: DatabricksLine): SqlCatalog {
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

interface Place {
  readonly catalog: string;
  readonly schema: string;
}

interface Read {
  readonly line: DatabricksLine;
  readonly request: CatalogRequest;
  readonly signal: AbortSignal;
  readonly match: NameMatch;
  /** By the names of their scopes. */
  readonly places: Map<string, Place>;
}

async function scopes(read: Read): Promise<readonly ScopeHead[]> {
  const { line, signal, match, places } = read;
  const { catalog: only } = line;
  const catalogs =
    only === undefined
      ? (await namesOf(line.list('catalogs', {}, signal))).filter((name) => !SYSTEM_CATALOGS.includes(name))
      : [only];
  const heads: ScopeHead[] = [];
  for (const catalog of catalogs) {
    try {
      for (const schema of await namesOf(line.list('schemas', { catalog_name: catalog }, signal))) {
        const scope = only === undefined ? `${catalog}.${schema}` : schema;
        if (schema === 'information_schema' || !match.mayKeepIn(scope)) continue;
        places.set(scope, { catalog, schema });
        heads.push({ name: scope });
      }
    } catch (error) {
      // A catalog may be listed and still be closed to this account.
      if (only !== undefined || signal.aborted || isOfLine(error)) throw error;
      heads.push({ name: catalog, fault: error });
    }
  }
  return heads;
}

async function namesOf(pages: AsyncIterable<readonly unknown[]>): Promise<string[]> {
  const names: string[] = [];
  for await (const page of pages)
    for (const { name } of page as readonly { readonly name?: unknown }[])
      if (typeof name === 'string') names.push(name);
  return names.sort();
}

async function* datasets(read: Read, scope: string): AsyncGenerator<CatalogPage> {
  const { line, request, signal, match, places } = read;
  const place = places.get(scope);
  if (!place) return;
  const query = { catalog_name: place.catalog, schema_name: place.schema };
  for await (const page of line.list('tables', query, signal)) {
    const tables = (page as readonly TableAnswer[]).filter(
      ({ name }) => typeof name === 'string' && match.keeps(scope, name),
    );
    const found: FoundDataset[] = [];
    const ask = async (table: TableAnswer): Promise<FoundDataset> => ({
      dataset: datasetOf(scope, table, await keysOf(read, place, table), line.catalog),
    });
    for await (const dataset of inOrder(tables, request.pace.ahead, ask)) found.push(dataset);
    yield { datasets: found };
    if (request.pace.pauseMs > 0) await rest(request.pace.pauseMs, undefined, { signal });
  }
}

/** The keys of a table; none where they cannot be read, or where it was dropped since it was listed. */
async function keysOf({ line, signal }: Read, place: Place, table: TableAnswer): Promise<ConstraintsAnswer> {
  const kind = kindOf(table);
  if (kind !== 'table' && kind !== 'partitioned_table') return {};
  const name = table.full_name ?? `${place.catalog}.${place.schema}.${table.name ?? ''}`;
  try {
    return await line.get(['tables', name], { omit_columns: true }, signal);
  } catch (error) {
    const gone =
      error instanceof AppError && ['DATABASE_NOT_FOUND', 'PERMISSION_DENIED'].includes(error.code);
    if (gone) return {};
    throw error;
  }
}
