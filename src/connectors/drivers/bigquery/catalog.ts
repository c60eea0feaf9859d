import { setTimeout as rest } from 'node:timers/promises';
import { AppError } from '../../../common/app-error.js';
import { inOrder } from '../../families/sql/in-order.js';
import { NameMatch } from '../../families/sql/name-match.js';
import { schemaReader } from '../../families/sql/schema-reader.js';
import type {
  CatalogPage,
  CatalogRequest,
  FoundDataset,
  ScopeFault,
  ScopeHead,
  SqlCatalog,
} from '../../families/sql/sql-driver.js';
import { datasetOf, TABLE_FIELDS, type TableAnswer } from './assemble.js';
import type { BigqueryLine } from './line.js';

const VERSION = 'bigquery/1';
/** Tables whose facts are held at once. */
const PAGE = 50;

/**
 * The catalog of a project by its metadata interface: lists of datasets and of tables, and one call for each table that
 * the filter leaves. INFORMATION_SCHEMA would answer by sets, and bill each query.
 */
export function bigqueryCatalog(line: BigqueryLine): SqlCatalog {
  return {
    version: VERSION,
    token: () => Promise.resolve(undefined),
    read(request, signal) {
      const read: Read = { line, request, signal, match: new NameMatch(request.names) };
      return Promise.resolve(
        schemaReader({ scopes: () => scopes(read), datasets: (dataset) => datasets(read, dataset) }, signal),
      );
    },
  };
}

interface Read {
  readonly line: BigqueryLine;
  readonly request: CatalogRequest;
  readonly signal: AbortSignal;
  readonly match: NameMatch;
}

async function scopes({ line, signal, match }: Read): Promise<readonly ScopeHead[]> {
  const names: string[] = [];
  if (line.dataset !== undefined) names.push(line.dataset);
  else
    for await (const page of line.list(['datasets'], 'datasets', signal))
      for (const item of page as readonly { readonly datasetReference?: { readonly datasetId?: unknown } }[])
        if (typeof item.datasetReference?.datasetId === 'string') names.push(item.datasetReference.datasetId);
  return names.filter((name) => match.mayKeepIn(name)).map((name) => ({ name }));
}

async function* datasets(read: Read, dataset: string): AsyncGenerator<CatalogPage> {
  const { line, request, signal, match } = read;
  for await (const page of line.list(['datasets', dataset, 'tables'], 'tables', signal)) {
    const names = (page as readonly { readonly tableReference?: { readonly tableId?: unknown } }[])
      .map(({ tableReference }) => tableReference?.tableId)
      .filter((name) => typeof name === 'string')
      .filter((name) => match.keeps(dataset, name));
    for (let from = 0; from < names.length; from += PAGE) {
      yield await tablesOf(read, dataset, names.slice(from, from + PAGE));
      if (request.pace.pauseMs > 0) await rest(request.pace.pauseMs, undefined, { signal });
    }
  }
}

async function tablesOf(
  { line, request, signal }: Read,
  dataset: string,
  names: readonly string[],
): Promise<CatalogPage> {
  const found: FoundDataset[] = [];
  const faults: ScopeFault[] = [];
  const ask = async (table: string): Promise<FoundDataset | ScopeFault | undefined> => {
    try {
      const path = ['datasets', dataset, 'tables', table];
      const answer = (await line.get(path, { fields: TABLE_FIELDS }, signal)) as TableAnswer;
      return { dataset: datasetOf({ project: line.project, dataset, table }, answer) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // One that was dropped since it was listed is no fault; one that is closed to us is missing.
      if (error.code === 'DATABASE_NOT_FOUND') return undefined;
      if (error.code === 'PERMISSION_DENIED') return { scope: dataset, status: 'partial', error };
      throw error;
    }
  };
  for await (const answer of inOrder(names, request.pace.ahead, ask)) {
    if (answer === undefined) continue;
    if ('dataset' in answer) found.push(answer);
    else faults.push(answer);
  }
  return { datasets: found, faults };
}
