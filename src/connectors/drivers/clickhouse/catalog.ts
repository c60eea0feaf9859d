import { setTimeout as rest } from 'node:timers/promises';
import { buildDataset } from '../../families/sql/dataset.js';
import { schemaReader } from '../../families/sql/schema-reader.js';
import type { CatalogPage, CatalogRequest, ScopeHead, SqlCatalog } from '../../families/sql/sql-driver.js';
import { partsOf } from './assemble.js';
import type { ClickhouseLine, Row } from './line.js';
import * as ask from './queries.js';

const VERSION = 'clickhouse/1';

/** The catalog of ClickHouse, read in pages of tables: each view of `system` is asked once per page. */
export function clickhouseCatalog(line: ClickhouseLine): SqlCatalog {
  return {
    version: VERSION,
    // Changes of a table's metadata are told to the second, and those of other replicas not at all.
    token: () => Promise.resolve(undefined),
    async read(request, signal) {
      const known = new Set((await line.rows(ask.CATALOG_COLUMNS, signal)).map(([name]) => String(name)));
      const read: Read = { line, request, signal, known };
      return schemaReader(
        { scopes: () => scopes(read), datasets: (database) => datasets(read, database) },
        signal,
      );
    },
  };
}

interface Read {
  readonly line: ClickhouseLine;
  readonly request: CatalogRequest;
  readonly signal: AbortSignal;
  readonly known: ask.Known;
}

async function scopes({ line, request, signal }: Read): Promise<readonly ScopeHead[]> {
  const { names } = request;
  const found = await line.rows(ask.counts(names, line.database), signal);
  const counts = new Map(found.map(([name, count]) => [String(name), Number(count)]));
  const all = (await line.rows(ask.databases(line.database), signal)).map(([name]) => String(name));
  const wanted = names.include.length > 0 ? all.filter((name) => counts.has(name)) : all;
  return wanted.map((name) => ({ name, datasets: counts.get(name) ?? 0 }));
}

async function* datasets(read: Read, database: string): AsyncGenerator<CatalogPage> {
  const { line, request, signal, known } = read;
  const { pageSize: size, pauseMs } = request.pace;
  let after: string | undefined;
  for (;;) {
    const tables = await line.rows(
      ask.tables({ database, names: request.names, after, size }, known),
      signal,
    );
    if (tables.length === 0) return;
    const among = tables.map(([name]) => String(name));
    const grouped = async (sql: string | undefined): Promise<ReadonlyMap<string, readonly Row[]>> =>
      sql === undefined ? new Map() : byTable(await line.rows(sql, signal));
    const [columns, indexes, sizes] = await Promise.all([
      grouped(ask.columns(database, among, known)),
      grouped(ask.skippingIndexes(database, among, known)),
      grouped(ask.sizes(database, among, known)),
    ]);
    const facts = { database, columns, indexes, sizes };
    yield {
      datasets: tables.flatMap((table) => {
        const parts = partsOf(facts, table);
        return parts ? [{ dataset: buildDataset(parts) }] : [];
      }),
    };
    if (tables.length < size) return;
    after = among.at(-1);
    if (pauseMs > 0) await rest(pauseMs, undefined, { signal });
  }
}

function byTable(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = String(row[0]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}
