import { AppError } from '../../../common/app-error.js';
import type {
  CatalogPage,
  CatalogReader,
  CatalogRequest,
  RelationHead,
  ScopeHead,
  SqlCatalog,
} from '../../families/sql/sql-driver.js';
import type { Surroundings } from './assemble.js';
import type { NameFilter } from '../../families/sql/name-filter.js';
import { fingerprintOf, sumOfVersions } from './fingerprint.js';
import type { PgLine } from './line.js';
import type { Row } from './raw-query.js';
import { PageReader, SET_MARK, type PageFeed, type PageOrder } from './pages.js';
import {
  ACCESS_METHODS,
  BEGIN,
  fingerprintsCursor,
  headsCursor,
  NOW,
  OLDEST,
  PAGE_PLANS,
  scopesQuery,
  TOKEN,
} from './queries.js';
import { PLAIN, TypeBook } from './types.js';

/** A page holds about so many columns at most, however wide its relations are. */
const PAGE_COLUMNS = 10_000;
/** Heads of several pages: the next ones take a round trip. */
const HEADS_AT_ONCE = 300;
const FINGERPRINTS_AT_ONCE = 500;
/** The server gives the memory back only with the session; one that has read more than this is not used again. */
const DEPARSED_LIMIT = 2_000;

const OLDEST_SERVER = 120_000;

export function postgresqlCatalog(line: PgLine): SqlCatalog {
  return {
    version: 'postgresql-1',
    async token() {
      const [, rows] = await Promise.all([line.run(BEGIN), line.rows(TOKEN), line.run('commit')]);
      return rows[0]?.[0] ?? undefined;
    },
    read: (request) => PgReader.begin(line, request),
  };
}

class PgReader implements CatalogReader {
  readonly changes = {
    heads: (scopes: readonly string[]) => this.heads(scopes),
    only: (heads: readonly RelationHead[]) => this.only(heads),
  };

  private readonly pages: PageReader;

  private constructor(
    private readonly line: PgLine,
    private readonly request: CatalogRequest,
    private readonly around: Surroundings,
    private readonly found: readonly ScopeHead[],
  ) {
    this.pages = new PageReader(line, around, request.pace);
  }

  static async begin(line: PgLine, request: CatalogRequest): Promise<PgReader> {
    if (line.versionNumber < OLDEST_SERVER)
      throw new AppError('UNSUPPORTED', `The catalog of PostgreSQL ${line.server.version} cannot be read.`, {
        hint: 'PostgreSQL 12 or later is needed.',
      });
    const [, methods, size, scopes] = await Promise.all([
      line.run(BEGIN),
      line.rows(ACCESS_METHODS),
      line.rows(`select current_setting('block_size')`),
      line.rows(scopesQuery(request.names), patternsOf(request.names)),
    ]);
    const around = {
      types: new TypeBook(line),
      methods: new Map(methods.map(([oid, name]) => [oid ?? '', name ?? ''])),
      blockSize: Number(size[0]?.[0]),
    };
    return new PgReader(
      line,
      request,
      around,
      scopes.map(([name, datasets]) => ({ name: name ?? '', datasets: Number(datasets) })),
    );
  }

  scopes(): Promise<readonly ScopeHead[]> {
    return Promise.resolve(this.found);
  }

  async *all(scopes: readonly string[]): AsyncGenerator<CatalogPage> {
    const feed = new HeadFeed(this.line, this.request.pace.pageSize);
    await Promise.all([this.openCursor(headsCursor(this.request.names), scopes), feed.start()]);
    yield* this.pages.read(feed);
  }

  close(): Promise<void> {
    // No one waits for it: whatever is asked next is behind it on the line.
    if (this.line.usable) this.line.run('rollback').catch(() => undefined);
    if (this.pages.deparsed > DEPARSED_LIMIT) this.line.retire();
    return Promise.resolve();
  }

  private async *heads(scopes: readonly string[]): AsyncGenerator<readonly RelationHead[]> {
    const [age] = await Promise.all([
      this.line.rows(NOW),
      this.openCursor(fingerprintsCursor(this.request.names), scopes),
    ]);
    const now = Number(age[0]?.[0]) + OLDEST;
    for (let coming = this.fetchHeads(); ;) {
      const rows = await coming;
      if (rows.length === 0) return;
      coming = this.fetchHeads();
      const { types } = this.around;
      await types.learn(
        rows.flatMap(typesOf).map((oid) => [oid]),
        0,
      );
      yield rows.map((row) => headOf(row, now, types));
    }
  }

  private fetchHeads(): Promise<readonly Row[]> {
    const rows = this.line.rows(`fetch ${String(FINGERPRINTS_AT_ONCE)} from heads`);
    // It is waited for in its turn; until then a failure must not count as unheard.
    rows.catch(() => undefined);
    return rows;
  }

  private async *only(heads: readonly RelationHead[]): AsyncGenerator<CatalogPage> {
    const { pageSize } = this.request.pace;
    let from = 0;
    const next = (): PageOrder | undefined => {
      const page = heads.slice(from, (from += pageSize));
      return page[0] && { scope: page[0].scope, oids: page.map(({ key }) => key) };
    };
    yield* this.pages.read({ next });
  }

  private async openCursor(declare: string, scopes: readonly string[]): Promise<void> {
    await Promise.all([
      this.line.rows(declare, [...patternsOf(this.request.names), textArray(scopes)]),
      this.line.run(PAGE_PLANS),
      this.line.run(SET_MARK),
    ]);
  }
}

/** Pages of the cursor `heads`; the next rows are always asked for before the last ones are used. */
class HeadFeed implements PageFeed {
  private ready: PageOrder[] = [];
  private coming: Promise<readonly Row[]> | undefined;

  constructor(
    private readonly line: PgLine,
    private readonly pageSize: number,
  ) {}

  /** Asks for the first rows, right behind the statement that opens the cursor. */
  start(): Promise<unknown> {
    return (this.coming = this.fetch());
  }

  async next(): Promise<PageOrder | undefined> {
    while (this.ready.length === 0) {
      const coming = this.coming ?? this.fetch();
      // A cursor whose fetch failed has not moved: the next call asks again.
      this.coming = undefined;
      const heads = await coming;
      if (heads.length === 0) return undefined;
      this.coming = this.fetch();
      this.ready = [...ordersOf(heads, this.pageSize)];
    }
    return this.ready.shift();
  }

  private fetch(): Promise<readonly Row[]> {
    const rows = this.line.rows(`fetch ${String(Math.max(this.pageSize, HEADS_AT_ONCE))} from heads`);
    rows.catch(() => undefined);
    return rows;
  }
}

/** Cut where a page would hold too many relations or columns. */
function* ordersOf(heads: readonly Row[], pageSize: number): Generator<PageOrder> {
  let from = 0;
  let columns = 0;
  for (let to = 1; to <= heads.length; to += 1) {
    columns += Number(heads[to - 1]?.[12]);
    if (to < heads.length && to - from < pageSize && columns < PAGE_COLUMNS) continue;
    const page = heads.slice(from, to);
    yield { scope: page[0]?.[1] ?? '', oids: page.map(([oid]) => oid ?? ''), heads: page };
    from = to;
    columns = 0;
  }
}

/** The types of its columns that are not built in. */
function typesOf(row: Row): readonly string[] {
  return row[6]?.slice(1, -1).split(',') ?? [];
}

/** @param now the transaction id that the ages are counted back from. */
function headOf(row: Row, now: number, types: TypeBook): RelationHead {
  const [key, scope, name, stamp] = row;
  const at = (index: number): number => Number(row[index] ?? 0);
  const sum = (index: number): number => sumOfVersions(at(index), at(index + 1), now);
  const fingerprint = fingerprintOf(stamp ?? '', {
    columns: at(4),
    columnVersions: sum(4),
    types: typesOf(row).reduce((stamps, oid) => stamps + types.of(oid, PLAIN).stamp, 0),
    constraints: at(7),
    constraintVersions: sum(7),
    references: row[9] ?? '',
    indexRows: at(10),
    indexVersions: sum(10),
    comments: at(12),
    commentVersions: sum(12),
  });
  return { scope: scope ?? '', name: name ?? '', key: key ?? '', fingerprint };
}

function patternsOf({ include, exclude }: NameFilter): [include: string, exclude: string] {
  return [textArray(include), textArray(exclude)];
}

/** Texts as an array parameter, whatever is in them. */
function textArray(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
