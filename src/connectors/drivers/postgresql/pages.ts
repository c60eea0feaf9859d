import type { CatalogPage, Pace, ScopeFault } from '../../families/sql/sql-driver.js';
import { assemble, type PageRows, type Surroundings } from './assemble.js';
import type { PgLine } from './line.js';
import type { Row } from './raw-query.js';
import { COLUMNS, COMMENTS, CONSTRAINTS, DEFAULTS, DEFINITIONS, HEADS, HELD, INDEXES } from './queries.js';
import { arrayOf } from './types.js';

/** The relations of a page: their heads where they are known already, else only their keys. */
export interface PageOrder {
  readonly scope: string;
  readonly oids: readonly string[];
  readonly heads?: readonly Row[];
}

export interface PageFeed {
  /** The next page, `undefined` after the last one. After a rejection it may be asked for again. */
  next(): Promise<PageOrder | undefined> | PageOrder | undefined;
}

const SETS = {
  heads: HEADS,
  columns: COLUMNS,
  defaults: DEFAULTS,
  comments: COMMENTS,
  constraints: CONSTRAINTS,
  indexes: INDEXES,
  definitions: DEFINITIONS,
} as const;

const NOTHING: readonly Row[] = [];
/** Where a page goes back to when one of its statements fails; without it the transaction would be lost. */
const MARK = 'page';
export const SET_MARK = `savepoint ${MARK}`;
const LOCKED = '55P03';
/** What comes after an error in an earlier page: all is refused, or was not prepared. */
const AFTERMATH = /^(25P02|26000)/;
/**
 * A lock, a time-out, an inner error, something gone or too large: what may lie in one relation. All else would fail for
 * every one of them.
 */
const OF_RELATION = /^(25P02|26000|55P03|57014|XX|42P|427|42883|53|54|58)/;
const BACK = `rollback to savepoint ${MARK}; set local lock_timeout = 250`;

/** Reads pages of relations over one line, several at a time, and goes on where a single relation cannot be read. */
export class PageReader {
  /** Relations whose texts made the server open them: it keeps some kilobytes for each until its session ends. */
  deparsed = 0;

  constructor(
    private readonly line: PgLine,
    private readonly around: Surroundings,
    private readonly pace: Pace,
  ) {}

  /** The pages of the feed in their order, of which as many are taken ahead as the pace says. */
  async *read(feed: PageFeed): AsyncGenerator<CatalogPage> {
    const flight: { readonly order: PageOrder; readonly rows: Promise<PageRows> }[] = [];
    let more = true;
    for (;;) {
      while (more && flight.length < this.pace.ahead) {
        const order = await this.nextOf(feed, flight.length > 0);
        if (order === 'later') break;
        more = order !== undefined;
        if (order) flight.push({ order, rows: this.ask(order) });
      }
      const first = flight.shift();
      if (!first) return;
      yield await this.settle(first.order, first.rows);
    }
  }

  /** A statement fails after another one that failed before it: then that page comes first. */
  private async nextOf(feed: PageFeed, waiting: boolean): Promise<PageOrder | 'later' | undefined> {
    try {
      return await feed.next();
    } catch (error) {
      if (!waiting || !this.line.usable) throw error;
      return 'later';
    }
  }

  private async settle(order: PageOrder, rows: Promise<PageRows>): Promise<CatalogPage> {
    try {
      return this.pageOf(await rows);
    } catch (error) {
      if (!AFTERMATH.test(this.ofRelation(error))) return this.recover(order, error);
    }
    await this.line.run(BACK);
    return this.attempt(order);
  }

  private async attempt(order: PageOrder): Promise<CatalogPage> {
    try {
      return this.pageOf(await this.ask(order));
    } catch (error) {
      return this.recover(order, error);
    }
  }

  /** Leaves out what is locked, or halves the page until what cannot be read is found. */
  private async recover(order: PageOrder, error: unknown): Promise<CatalogPage> {
    const code = this.ofRelation(error);
    await this.line.run(BACK);
    const held = code === LOCKED ? await this.held(order) : new Set<string>();
    const free = order.oids.map((oid) => !held.has(oid));
    const half = order.oids.length / 2;
    if (held.size > 0) {
      const rest = await this.attempt(only(order, (at) => free[at] === true));
      return joined(rest, {
        datasets: [],
        faults: faultsOf(
          only(order, (at) => free[at] === false),
          error,
        ),
      });
    }
    if (order.oids.length <= 1) return { datasets: [], faults: faultsOf(order, error) };
    const first = await this.attempt(only(order, (at) => at < half));
    return joined(first, await this.attempt(only(order, (at) => at >= half)));
  }

  private async held({ oids }: PageOrder): Promise<ReadonlySet<string>> {
    const rows = await this.line.rows(HELD, [arrayOf(oids)]);
    return new Set(rows.map(([oid]) => oid ?? ''));
  }

  /** The code of an error that may lie in one relation; any other one is thrown. */
  private ofRelation(error: unknown): string {
    const code = (error as { code?: unknown }).code;
    if (!this.line.usable || typeof code !== 'string' || !OF_RELATION.test(code)) throw error;
    return code;
  }

  private ask(order: PageOrder): Promise<PageRows> {
    const rows = this.rowsOf(order);
    // It is waited for in its turn; until then a failure must not count as unheard.
    rows.catch(() => undefined);
    return rows;
  }

  private async rowsOf({ oids, heads }: PageOrder): Promise<PageRows> {
    const which = [arrayOf(oids)];
    const hasViews = heads === undefined || heads.some(([, , , kind]) => kind === 'v' || kind === 'm');
    const ask = (text: keyof typeof SETS): Promise<readonly Row[]> =>
      this.line.repeated(`page ${text}`, SETS[text], which);
    const [known, columns, defaults, comments, constraints, indexes, definitions] = await Promise.all([
      heads ?? ask('heads'),
      ask('columns').then(async (rows) => {
        await this.around.types.learn(rows, 3);
        return rows;
      }),
      ask('defaults'),
      ask('comments'),
      ask('constraints'),
      ask('indexes'),
      hasViews ? ask('definitions') : NOTHING,
    ]);
    return { heads: known, columns, defaults, comments, constraints, indexes, definitions };
  }

  private pageOf(rows: PageRows): CatalogPage {
    for (const [, , kind] of rows.constraints) if (kind === 'c' || kind === 'x') this.deparsed += 1;
    this.deparsed += rows.definitions.length;
    return { datasets: assemble(rows, this.around) };
  }
}

function only(order: PageOrder, wanted: (at: number) => boolean): PageOrder {
  const heads = order.heads?.filter((_, at) => wanted(at));
  return {
    scope: order.scope,
    oids: order.oids.filter((_, at) => wanted(at)),
    ...(heads ? { heads } : {}),
  };
}

function faultsOf({ scope, heads }: PageOrder, error: unknown): ScopeFault[] {
  const scopes = new Set(heads?.map(([, schema]) => schema ?? '') ?? [scope]);
  return [...scopes].map((name) => ({ scope: name, status: 'partial', error }));
}

function joined(first: CatalogPage, second: CatalogPage): CatalogPage {
  return {
    datasets: [...first.datasets, ...second.datasets],
    faults: [...(first.faults ?? []), ...(second.faults ?? [])],
  };
}
