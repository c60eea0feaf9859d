import { AppError } from '../../../common/app-error.js';
import { buildDataset } from '../../families/sql/dataset.js';
import { NameMatch } from '../../families/sql/name-match.js';
import { schemaReader } from '../../families/sql/schema-reader.js';
import type { CatalogPage, CatalogRequest, ScopeHead, SqlCatalog } from '../../families/sql/sql-driver.js';
import { partsOf } from './assemble.js';
import type { CassandraLine } from './line.js';
import { textIn, textsIn, type Row } from './rows.js';
import { SizeSums, type SizeEstimate } from './size-estimates.js';
import type { UserTypes } from './types.js';

const VERSION = 'cassandra/1';
/** Rows in one answer: the widest of them, views with their conditions, stay far below a frame. */
const ROWS = 1_000;

/** Keyspaces of the server itself. */
const HIDDEN = new Set([
  'system',
  'system_auth',
  'system_distributed',
  'system_schema',
  'system_traces',
  'system_views',
  'system_virtual_schema',
]);

/**
 * The catalog of Cassandra 3.0 and later, keyspace by keyspace in pages of tables: each kind of fact is asked once per
 * page, by the range of names that the page has.
 */
export function cassandraCatalog(line: CassandraLine): SqlCatalog {
  return {
    version: VERSION,
    token: () => line.schemaVersion(),
    read(request, signal) {
      const reader = new KeyspaceReader(line, request);
      return Promise.resolve(
        schemaReader(
          { scopes: () => reader.scopes(), datasets: (keyspace) => reader.datasets(keyspace) },
          signal,
        ),
      );
    },
  };
}

/** A page of tables or of views, and the range of their names. */
interface Among {
  readonly keyspace: string;
  readonly first: string;
  readonly last: string;
}

class KeyspaceReader {
  private readonly names: NameMatch;
  private readonly pageSize: number;
  /** Whether the role may read the estimates; that is a right of its own. */
  private estimates = true;

  constructor(
    private readonly line: CassandraLine,
    { names, pace }: CatalogRequest,
  ) {
    this.names = new NameMatch(names);
    this.pageSize = pace.pageSize;
  }

  async scopes(): Promise<readonly ScopeHead[]> {
    const found = this.line.keyspace === undefined ? await this.all() : [this.line.keyspace];
    return found.filter((name) => this.names.mayKeepIn(name)).map((name) => ({ name }));
  }

  async *datasets(keyspace: string): AsyncGenerator<CatalogPage> {
    const types = await this.types(keyspace);
    yield* this.relations(keyspace, types, 'table');
    yield* this.relations(keyspace, types, 'view');
  }

  private async all(): Promise<string[]> {
    const found: string[] = [];
    const list = this.line.pages('SELECT keyspace_name FROM system_schema.keyspaces', [], ROWS);
    for await (const rows of list) found.push(...rows.map((row) => textIn(row, 'keyspace_name')));
    return found.filter((name) => !HIDDEN.has(name)).sort();
  }

  private async *relations(
    keyspace: string,
    types: UserTypes,
    kind: 'table' | 'view',
  ): AsyncGenerator<CatalogPage> {
    const list = `SELECT * FROM system_schema.${kind}s WHERE keyspace_name = ?`;
    for await (const page of this.line.pages(list, [keyspace], this.pageSize)) {
      const nameOf = (row: Row): string => textIn(row, `${kind}_name`);
      const rows = page.filter((row) => this.names.keeps(keyspace, nameOf(row)));
      const [first, last] = [rows[0], rows.at(-1)];
      if (!first || !last) continue;
      const among = { keyspace, first: nameOf(first), last: nameOf(last) };
      const [columns, indexes, sizes] = await Promise.all([
        this.grouped('columns', among),
        kind === 'view' ? new Map<string, Row[]>() : this.grouped('indexes', among),
        this.sizes(among),
      ]);
      const facts = { keyspace, types, columns, indexes, sizes };
      yield {
        datasets: rows.flatMap((row) => {
          const parts = partsOf(facts, row, nameOf(row), kind === 'view');
          return parts ? [{ dataset: buildDataset(parts) }] : [];
        }),
      };
    }
  }

  private async types(keyspace: string): Promise<UserTypes> {
    const types = new Map<string, (readonly [string, string])[]>();
    const list =
      'SELECT type_name, field_names, field_types FROM system_schema.types WHERE keyspace_name = ?';
    for await (const rows of this.line.pages(list, [keyspace], ROWS))
      for (const row of rows) {
        const written = textsIn(row, 'field_types');
        const fields = textsIn(row, 'field_names').map((name, at) => [name, written[at] ?? ''] as const);
        types.set(textIn(row, 'type_name'), fields);
      }
    return types;
  }

  private async grouped(facts: 'columns' | 'indexes', among: Among): Promise<Map<string, Row[]>> {
    const groups = new Map<string, Row[]>();
    for await (const rows of this.ranged(`system_schema.${facts}`, among))
      for (const row of rows) {
        const name = textIn(row, 'table_name');
        const group = groups.get(name);
        if (group) group.push(row);
        else groups.set(name, [row]);
      }
    return groups;
  }

  private async sizes(among: Among): Promise<Map<string, SizeEstimate>> {
    const sums = new SizeSums();
    if (!this.estimates) return sums.estimates();
    try {
      for await (const rows of this.ranged('system.size_estimates', among))
        for (const row of rows) sums.add(row);
    } catch (error) {
      const own = error instanceof AppError && ['PERMISSION_DENIED', 'QUERY_FAILED'].includes(error.code);
      if (!own || !this.line.usable) throw error;
      this.estimates = false;
      return new Map();
    }
    return sums.estimates();
  }

  /** The rows of a table of facts for the tables of a page. */
  private ranged(facts: string, { keyspace, first, last }: Among): AsyncGenerator<readonly Row[]> {
    const where = 'keyspace_name = ? AND table_name >= ? AND table_name <= ?';
    return this.line.pages(`SELECT * FROM ${facts} WHERE ${where}`, [keyspace, first, last], ROWS);
  }
}
