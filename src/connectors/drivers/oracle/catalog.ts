import { setTimeout as rest } from 'node:timers/promises';
import { buildDataset } from '../../families/sql/dataset.js';
import type {
  CatalogPage,
  CatalogReader,
  CatalogRequest,
  ScopeHead,
  SqlCatalog,
} from '../../families/sql/sql-driver.js';
import { partsOf, text, type Facts } from './assemble.js';
import type { OracleLine, Row, Statement } from './line.js';
import { fact, FACTS, heads, scopes, type FactName } from './queries.js';

const VERSION = 'oracle/1';
/** Without these a dataset says nothing. */
const NEEDED: FactName = 'columns';

/**
 * The catalog of Oracle, read in one read-only transaction. The time of a table's last change moves with grants and with
 * statistics and not with comments, so every run is a full one.
 */
export function oracleCatalog(line: OracleLine): SqlCatalog {
  return {
    version: VERSION,
    token: () => Promise.resolve(undefined),
    read: async (request, signal) => {
      await line.run('SET TRANSACTION READ ONLY');
      return new Reader(line, request, signal);
    },
  };
}

class Reader implements CatalogReader {
  /** Facts that this server refuses, with the reason: they are not asked for again. */
  private readonly refused = new Map<FactName, unknown>();

  constructor(
    private readonly line: OracleLine,
    private readonly request: CatalogRequest,
    private readonly signal: AbortSignal,
  ) {}

  async scopes(): Promise<readonly ScopeHead[]> {
    const { names } = this.request;
    const found = (await this.line.rows(scopes(names))).map(([name, datasets]) => ({
      name: text(name),
      datasets: Number(datasets),
    }));
    return names.include.length > 0 ? found.filter(({ datasets }) => datasets > 0) : found;
  }

  async *all(owners: readonly string[]): AsyncGenerator<CatalogPage> {
    for (const owner of owners) {
      try {
        yield* this.pages(owner);
      } catch (error) {
        // A lost line, or a caller who left, ends the whole read: the schemas to come would only fail the same way.
        if (!this.line.usable || this.signal.aborted) throw error;
        yield { datasets: [], faults: [{ scope: owner, status: 'failed', error }] };
      }
    }
  }

  close(): Promise<void> {
    return this.line.rollback();
  }

  private async *pages(owner: string): AsyncGenerator<CatalogPage> {
    const { names, pace } = this.request;
    const all = [...typesOf(await this.ask(heads({ owner, names })))];
    for (let at = 0; at < all.length; at += pace.pageSize) {
      const page = all.slice(at, at + pace.pageSize);
      const facts = await this.facts(owner, page[0]?.[0] ?? '', page.at(-1)?.[0] ?? '');
      const datasets = page.flatMap(([name, type]) => {
        const parts = partsOf(owner, name, type, facts);
        // Dropped since its name was read, or a part of another table.
        if (parts.fields.length === 0 && parts.relation.kind !== 'sequence') return [];
        return [{ dataset: buildDataset(parts) }];
      });
      const faults = [...this.refused.values()].map((error) => ({
        scope: owner,
        status: 'partial' as const,
        error,
      }));
      yield { datasets, faults };
    }
  }

  private async facts(owner: string, from: string, to: string): Promise<Facts> {
    const found: Partial<Record<FactName, ReadonlyMap<string, readonly Row[]>>> = {};
    for (const name of Object.keys(FACTS) as FactName[]) {
      if (this.refused.has(name)) continue;
      try {
        found[name] = byObject(await this.ask(fact(name, { owner, names: this.request.names, from, to })));
      } catch (error) {
        if (!this.line.usable || this.signal.aborted || name === NEEDED) throw error;
        // The rest is worth having: the schema ends as partial, with this reason.
        this.refused.set(name, error);
      }
    }
    return found;
  }

  private async ask(statement: Statement): Promise<readonly Row[]> {
    const { pauseMs } = this.request.pace;
    if (pauseMs > 0) await rest(pauseMs, undefined, { signal: this.signal });
    return this.line.rows(statement);
  }
}

/** A materialized view is listed as its table too. */
function typesOf(rows: readonly Row[]): Map<string, string> {
  const types = new Map<string, string>();
  for (const [name, type] of rows)
    if (type !== 'TABLE' || !types.has(text(name))) types.set(text(name), text(type));
  return types;
}

function byObject(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const name = text(row[0]);
    const group = found.get(name);
    if (group) group.push(row);
    else found.set(name, [row]);
  }
  return found;
}
