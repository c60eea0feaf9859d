import type { CatalogPage, Pace } from '../../families/sql/sql-driver.js';
import { assemble, type PageRows, type Surroundings } from './assemble.js';
import type { PgLine } from './line.js';
import type { Row } from './raw-query.js';
import { COLUMNS, COMMENTS, CONSTRAINTS, DEFAULTS, DEFINITIONS, HEADS, INDEXES } from './queries.js';
import { arrayOf, type TypeUse } from './types.js';

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

const NOTHING: readonly Row[] = [];
/** Where a page goes back to when one of its statements fails; without it the transaction would be lost. */
const MARK = 'page';
export const SET_MARK = `savepoint ${MARK}`;
/**
 * A lock, a time-out, an inner error, something gone or too large: what may lie in one relation. All else would fail for
 * every one of them. 25P02 comes after an error in an earlier page.
 */
const OF_RELATION = /^(25P02|55P03|57014|XX|42P|427|42883|53|54|58)/;
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
      if (!this.ofRelation(error)) throw error;
    }
    return this.retry(order);
  }

  /** Once more on its own; then in halves, until what cannot be read is found. */
  private async retry(order: PageOrder): Promise<CatalogPage> {
    await this.line.run(BACK);
    try {
      return this.pageOf(await this.ask(order));
    } catch (error) {
      if (!this.ofRelation(error)) throw error;
      if (order.oids.length === 1) {
        await this.line.run(BACK);
        return { datasets: [], faults: [{ scope: order.scope, status: 'partial', error }] };
      }
    }
    const half = Math.ceil(order.oids.length / 2);
    const first = await this.retry(part(order, 0, half));
    const second = await this.retry(part(order, half));
    return {
      datasets: [...first.datasets, ...second.datasets],
      faults: [...(first.faults ?? []), ...(second.faults ?? [])],
    };
  }

  private ofRelation(error: unknown): boolean {
    const code = (error as { code?: unknown }).code;
    return this.line.usable && typeof code === 'string' && OF_RELATION.test(code);
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
    const [known, columns, defaults, comments, constraints, indexes, definitions] = await Promise.all([
      heads ?? this.line.rows(HEADS, which),
      this.line.rows(COLUMNS, which).then(async (rows) => {
        await this.around.types.learn(rows.map(typeOf));
        return rows;
      }),
      this.line.rows(DEFAULTS, which),
      this.line.rows(COMMENTS, which),
      this.line.rows(CONSTRAINTS, which),
      this.line.rows(INDEXES, which),
      hasViews ? this.line.rows(DEFINITIONS, which) : NOTHING,
    ]);
    return { heads: known, columns, defaults, comments, constraints, indexes, definitions };
  }

  private pageOf(rows: PageRows): CatalogPage {
    for (const [, , kind] of rows.constraints) if (kind === 'c' || kind === 'x') this.deparsed += 1;
    this.deparsed += rows.definitions.length;
    return { datasets: assemble(rows, this.around) };
  }
}

function typeOf(column: Row): TypeUse {
  return [column[3] ?? '', column[4] ?? ''];
}

function part({ scope, oids, heads }: PageOrder, from: number, to?: number): PageOrder {
  const slice = heads?.slice(from, to);
  return {
    scope: slice?.[0]?.[1] ?? scope,
    oids: oids.slice(from, to),
    ...(slice ? { heads: slice } : {}),
  };
}
