import { byRelation } from '../../families/embedded/by-relation.js';
import type { EngineProcess } from '../../families/embedded/engine.js';
import type {
  CatalogPage,
  CatalogReader,
  CatalogRequest,
  FoundDataset,
  ScopeFault,
} from '../../families/sql/sql-driver.js';
import {
  datasetOf,
  keyOf,
  SCHEMA,
  type ColumnRow,
  type ForeignKeyRow,
  type IndexRow,
  type RelationRow,
} from './assemble.js';
import * as queries from './queries.js';

/** The catalog of a SQLite file: one schema, its relations in pages, each kind of fact in one pass over a page. */
export function sqliteCatalog(engine: EngineProcess, request: CatalogRequest): Omit<CatalogReader, 'close'> {
  const ask = async <R>({ sql, params }: queries.Statement): Promise<readonly R[]> =>
    (await engine.all(sql, params)) as unknown as readonly R[];
  return {
    async scopes() {
      const [count] = await ask<{ datasets: number }>(queries.countRelations(request.names));
      return [{ name: SCHEMA, datasets: count?.datasets ?? 0 }];
    },
    async *all() {
      const statistics = (await ask(queries.hasStatistics)).length > 0;
      let after = '';
      for (;;) {
        const page = await ask<RelationRow>(queries.relations(request.names, after, request.pace.pageSize));
        const last = page.at(-1);
        if (!last) return;
        after = last.name;
        yield await pageOf(page, ask, statistics);
      }
    },
  };
}

type Ask = <R>(statement: queries.Statement) => Promise<readonly R[]>;

async function pageOf(page: readonly RelationRow[], ask: Ask, statistics: boolean): Promise<CatalogPage> {
  const tables = page.filter(({ type }) => type === 'table').map(({ name }) => name);
  const columns = [...(await ask<ColumnRow>(queries.columns(tables)))];
  const foreignKeys = byRelation(await ask<ForeignKeyRow>(queries.foreignKeys(tables)));
  const indexes = byRelation(await ask<IndexRow>(queries.indexes(tables)));
  const counts = statistics
    ? await ask<{ relation: string; row_count: number | null }>(queries.statistics(tables))
    : [];
  const faults: ScopeFault[] = [];
  // One that is broken, or whose module is not here, must not take the others with it.
  for (const { name, type } of page) {
    if (type === 'table') continue;
    try {
      columns.push(...(await ask<ColumnRow>(queries.columns([name]))));
    } catch (error) {
      faults.push({ scope: SCHEMA, status: 'partial', error });
    }
  }
  const columnsOf = byRelation(columns);
  const keys = new Map([...columnsOf].map(([name, rows]) => [name, keyOf(rows)]));
  const rowsOf = new Map(counts.map(({ relation, row_count }) => [relation, row_count ?? undefined]));
  const datasets = page.map((relation): FoundDataset => ({
    dataset: datasetOf({
      relation,
      columns: columnsOf.get(relation.name) ?? [],
      foreignKeys: foreignKeys.get(relation.name) ?? [],
      indexes: indexes.get(relation.name) ?? [],
      rows: rowsOf.get(relation.name),
      keys,
    }),
  }));
  return { datasets, faults };
}
