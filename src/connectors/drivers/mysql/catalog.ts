import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as rest } from 'node:timers/promises';
import { buildDataset } from '../../families/sql/dataset.js';
import type {
  CatalogPage,
  CatalogReader,
  CatalogRequest,
  ChangeReader,
  RelationHead,
  ScopeHead,
  SqlCatalog,
} from '../../families/sql/sql-driver.js';
import type { Field } from '../../spi/index.js';
import { fieldOf, partsOf, text, type SchemaFacts } from './assemble.js';
import type { MysqlLine, Row } from './line.js';
import * as ask from './queries.js';

const VERSION = 'mysql/1';
/** Up to so many tables are read one by one; more are cheaper by their whole schema. */
const FEW = 20;
/** Datasets that are put together without a pause for other work of the process: a few milliseconds. */
const PAGE = 100;

/** The catalog of MySQL and MariaDB. There is no snapshot of information_schema: every statement sees its moment. */
export function mysqlCatalog(line: MysqlLine): SqlCatalog {
  return {
    version: VERSION,
    token: () => tokenOf(line),
    read: (request, signal) => Promise.resolve(new Reader(line, request, signal)),
  };
}

/**
 * MariaDB counts the commands of each kind that were begun since its start. Equal counts promise an equal catalog where
 * nothing was running when they were read, for a change that was begun before may end after our read. Replication and
 * scheduled events do not show as running, so there is no token where they are on; none for MySQL either, where
 * clusters exist that share tables and not counters.
 */
async function tokenOf(line: MysqlLine): Promise<string | undefined> {
  if (!line.flavor.mariadb) return undefined;
  const { sql, values } = ask.DDL_COUNTERS;
  const facts = new Map(
    (await line.rows(sql, values)).map(([name, value]) => [text(name).toUpperCase(), text(value)]),
  );
  const quiet =
    facts.get('THREADS_RUNNING') === '1' &&
    facts.get('SLAVES_RUNNING') === '0' &&
    facts.get('EVENTS') !== 'ON';
  if (!quiet) return undefined;
  return JSON.stringify([...facts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

class Reader implements CatalogReader {
  readonly changes?: ChangeReader;

  constructor(
    private readonly line: MysqlLine,
    private readonly request: CatalogRequest,
    private readonly signal: AbortSignal,
  ) {
    // MySQL may change a table in place and leave its time of creation.
    if (line.flavor.mariadb)
      this.changes = { heads: (scopes) => this.heads(scopes), only: (heads) => this.only(heads) };
  }

  async scopes(): Promise<readonly ScopeHead[]> {
    const { names } = this.request;
    const { database } = this.line;
    const { sql, values } = ask.scopeCounts(names, database);
    const counts = new Map(
      (await this.line.rows(sql, values)).map(([name, count]) => [text(name), Number(count)]),
    );
    if (names.include.length > 0) return [...counts].map(([name, datasets]) => ({ name, datasets }));
    const all =
      database === undefined
        ? (await this.line.rows(ask.SCHEMAS.sql)).map(([name]) => text(name))
        : [database];
    return all.map((name) => ({ name, datasets: counts.get(name) ?? 0 }));
  }

  async *all(scopes: readonly string[]): AsyncGenerator<CatalogPage> {
    for (const schema of scopes) {
      let facts: SchemaFacts;
      try {
        facts = await this.facts({ schema, names: this.request.names });
      } catch (error) {
        // A lost line, or a caller who left, ends the whole read: the schemas to come would only fail the same way.
        if (!this.line.usable || this.signal.aborted) throw error;
        yield { datasets: [], faults: [{ scope: schema, status: 'failed', error }] };
        continue;
      }
      yield* this.pages(facts);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async *heads(scopes: readonly string[]): AsyncGenerator<readonly RelationHead[]> {
    for (const schema of scopes) {
      const where = { schema, names: this.request.names };
      const tables = await this.sorted(ask.tables(where));
      const references = await this.references(where);
      yield tables.map((table) => {
        const name = text(table[0]);
        return {
          scope: schema,
          name,
          key: name,
          fingerprint: fingerprintOf(table, references.columns.get(name)),
        };
      });
    }
  }

  private async *only(heads: readonly RelationHead[]): AsyncGenerator<CatalogPage> {
    const schema = heads[0]?.scope ?? '';
    const { names } = this.request;
    if (heads.length > FEW) {
      const wanted = new Set(heads.map(({ name }) => name));
      const facts = await this.facts({ schema, names });
      yield* this.pages({ ...facts, tables: facts.tables.filter(([name]) => wanted.has(text(name))) });
      return;
    }
    for (const { name } of heads) {
      const facts = await this.facts({ schema, names, table: name });
      // The server compares without case: a neighbour that differs only by it comes along.
      yield* this.pages({ ...facts, tables: facts.tables.filter(([found]) => found === name) });
    }
  }

  private *pages(facts: SchemaFacts): Generator<CatalogPage> {
    // Everything is at hand already: a page is only what is put together before other work gets its turn.
    const pageSize = Math.min(this.request.pace.pageSize, PAGE);
    for (let from = 0; from < facts.tables.length; from += pageSize) {
      const datasets = facts.tables.slice(from, from + pageSize).flatMap((table) => {
        const parts = partsOf(facts, table);
        if (!parts) return [];
        const dataset = buildDataset(parts);
        if (!this.changes) return [{ dataset }];
        return [{ dataset, fingerprint: fingerprintOf(table, facts.foreignKeyColumns.get(dataset.name)) }];
      });
      yield { datasets };
    }
  }

  /** One statement after the other for one schema; those that can find nothing are left out. */
  private async facts(where: ask.Where): Promise<SchemaFacts> {
    const { flavor } = this.line;
    const tables = await this.sorted(ask.tables(where));
    const has = (at: number, form: RegExp): boolean => tables.some((table) => form.test(text(table[at])));
    const references = await this.references(where);
    const checks = await this.grouped(ask.checks(where, flavor));
    return {
      schema: where.schema,
      tables,
      columns: await this.columns(where, checks),
      indexes: await this.grouped(ask.indexes(where, flavor)),
      foreignKeys: references.rules,
      foreignKeyColumns: references.columns,
      checks,
      partitions: await this.grouped(has(4, /partitioned/i) ? ask.partitions(where) : undefined),
      views: await this.grouped(has(1, /^VIEW$/) ? ask.views(where) : undefined),
    };
  }

  private async references(
    where: ask.Where,
  ): Promise<{ rules: Map<string, Row[]>; columns: Map<string, Row[]> }> {
    const rules = await this.grouped(ask.foreignKeys(where));
    return { rules, columns: await this.grouped(rules.size > 0 ? ask.foreignKeyColumns(where) : undefined) };
  }

  private async columns(
    where: ask.Where,
    checks: ReadonlyMap<string, readonly Row[]>,
  ): Promise<Map<string, Field[]>> {
    const { mariadb } = this.line.flavor;
    const found = new Map<string, Field[]>();
    const { sql, values } = ask.columns(where, this.line.flavor);
    await this.pace();
    await this.line.each(sql, values, (row) => {
      const table = text(row[0]);
      const valid = `json_valid(\`${text(row[2])}\`)`;
      const json = mariadb && (checks.get(table)?.some(([, , clause]) => clause === valid) ?? false);
      push(found, table, fieldOf(row, mariadb, json));
    });
    for (const fields of found.values()) fields.sort((left, right) => left.ordinal - right.ordinal);
    return found;
  }

  private async sorted({ sql, values }: ask.Statement): Promise<Row[]> {
    await this.pace();
    const rows = await this.line.rows(sql, values);
    return [...rows].sort(([left], [right]) => (text(left) < text(right) ? -1 : 1));
  }

  private async grouped(statement: ask.Statement | undefined): Promise<Map<string, Row[]>> {
    const found = new Map<string, Row[]>();
    if (!statement) return found;
    await this.pace();
    await this.line.each(statement.sql, statement.values, (row) => push(found, text(row[0]), row));
    return found;
  }

  private async pace(): Promise<void> {
    const { pauseMs } = this.request.pace;
    if (pauseMs > 0) await rest(pauseMs, undefined, { signal: this.signal });
  }
}

function push<V>(groups: Map<string, V[]>, name: string, value: V): void {
  const group = groups.get(name);
  if (group) group.push(value);
  else groups.set(name, [value]);
}

/**
 * Moves with every change of a table: its time of creation is that of its last change. The columns that its foreign keys
 * lead to are beside it, for a rename of the other table leaves no trace on this one. What has no time (a view, whose
 * columns change with its tables) or might change again within the same second is taken as changed each time.
 */
function fingerprintOf(table: Row, references: readonly Row[] = []): string {
  const [name, type, engine, collation, options, comment, created, , , young] = table;
  if (created === null || Number(young) === 1) return randomUUID();
  const facts = [VERSION, name, type, engine, collation, options, comment, created, references];
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 32);
}
