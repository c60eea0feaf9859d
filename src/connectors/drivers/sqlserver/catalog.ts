import { setTimeout as rest } from 'node:timers/promises';
import { AppError } from '../../../common/app-error.js';
import { buildDataset } from '../../families/sql/dataset.js';
import type {
  CatalogPage,
  CatalogReader,
  CatalogRequest,
  ScopeHead,
  SqlCatalog,
} from '../../families/sql/sql-driver.js';
import { partsOf, text, type Facts, type Head } from './assemble.js';
import type { Flavor } from './flavor.js';
import type { Row, Statement, TdsLine } from './line.js';
import { FACTS, fact, heads, scopes, type FactName } from './queries.js';

const VERSION = 'sqlserver/1';
/** SQL Server 2016: what came before has no temporal and no external tables in its catalog. */
const OLDEST_MAJOR = 13;
/** Without these a dataset says nothing. */
const NEEDED: FactName = 'columns';

/**
 * The catalog of SQL Server and its services. A table's time of change does not move with its comments nor with the
 * types it is made of, so every run is a full one.
 */
export function sqlServerCatalog(line: TdsLine): SqlCatalog {
  return {
    version: VERSION,
    token: () => Promise.resolve(undefined),
    read: (request, signal) => {
      const { kind, major, product, version } = line.flavor;
      if (kind === 'database' && product === 'SQL Server' && major < OLDEST_MAJOR)
        throw new AppError('UNSUPPORTED', `The catalog of SQL Server ${version} cannot be read.`, {
          hint: 'SQL Server 2016 or later is needed.',
        });
      return Promise.resolve(new Reader(line, request, signal));
    },
  };
}

class Reader implements CatalogReader {
  /** Facts that this server refuses, with the reason: they are not asked for again. */
  private readonly refused = new Map<FactName, unknown>();

  constructor(
    private readonly line: TdsLine,
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

  async *all(names: readonly string[]): AsyncGenerator<CatalogPage> {
    for (const schema of names) {
      try {
        yield* this.pages(schema);
      } catch (error) {
        // A lost line, or a caller who left, ends the whole read: the schemas to come would only fail the same way.
        if (!this.line.usable || this.signal.aborted) throw error;
        yield { datasets: [], faults: [{ scope: schema, status: 'failed', error }] };
      }
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async *pages(schema: string): AsyncGenerator<CatalogPage> {
    const { names, pace } = this.request;
    const all = await this.ask(heads({ schema, names }));
    for (let at = 0; at < all.length; at += pace.pageSize) {
      const page = all.slice(at, at + pace.pageSize);
      const facts = await this.facts(schema, page);
      const datasets = page.flatMap((head) => {
        const parts = partsOf(schema, head, facts);
        // Dropped since its name was read.
        if (parts.fields.length === 0 && parts.relation.kind !== 'sequence') return [];
        return [{ dataset: buildDataset(parts) }];
      });
      const faults = [...this.refused.values()].map((error) => ({
        scope: schema,
        status: 'partial' as const,
        error,
      }));
      yield { datasets, faults };
    }
  }

  private async facts(schema: string, page: readonly Head[]): Promise<Facts> {
    const from = Number(page[0]?.[0]);
    const to = Number(page.at(-1)?.[0]);
    const found: Partial<Record<FactName, ReadonlyMap<number, readonly Row[]>>> = {};
    for (const name of Object.keys(FACTS) as FactName[]) {
      const kinds: readonly Flavor['kind'][] = FACTS[name].kinds;
      if (!kinds.includes(this.line.flavor.kind) || this.refused.has(name)) continue;
      try {
        found[name] = byObject(await this.ask(fact(name, { schema, names: this.request.names, from, to })));
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

function byObject(rows: readonly Row[]): Map<number, Row[]> {
  const found = new Map<number, Row[]>();
  for (const row of rows) {
    const id = Number(row[0]);
    const group = found.get(id);
    if (group) group.push(row);
    else found.set(id, [row]);
  }
  return found;
}
