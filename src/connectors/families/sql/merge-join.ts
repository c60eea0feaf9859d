/** Rows of one list that are ordered by key, taken key by key in the same order. */
export class KeyedRows<R> {
  private at = 0;

  /**
   * @param compare the order of the keys, negative where `a` comes first. It must be the order of the rows.
   */
  constructor(
    private readonly rows: readonly R[],
    private readonly keyOf: (row: R) => string,
    private readonly compare: (a: string, b: string) => number,
  ) {}

  /** All rows have been taken or passed over. */
  get done(): boolean {
    return this.at >= this.rows.length;
  }

  /** The rows of `key`; those of earlier keys that no one asked for are passed over. */
  take(key: string): readonly R[] {
    const { rows, keyOf } = this;
    let from = this.at;
    let row = rows[from];
    while (row !== undefined && keyOf(row) !== key && this.compare(keyOf(row), key) < 0) row = rows[++from];
    let to = from;
    while (row !== undefined && keyOf(row) === key) row = rows[++to];
    this.at = to;
    return from === to ? [] : rows.slice(from, to);
  }
}

/** A stream of facts in batches; an array is one that is already there. */
export type Batches<R> = AsyncIterable<readonly R[]> | readonly R[];

export interface Part<R> {
  readonly rows: Batches<R>;
  readonly keyOf: (row: R) => string;
}

/** Code point order, which is the binary order of UTF-8: `ORDER BY … COLLATE "C"` or `utf8mb4_bin`. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rankOf(left) - rankOf(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for the highest code points, but are not the highest code units. */
function rankOf(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** A head with the rows that belong to it. */
export type Joined<H, R> = readonly [head: H, rows: { readonly [K in keyof R]: readonly R[K][] }];

/**
 * Joins heads with the streams of their parts, all ordered by the same key, in pages. In memory are one page and one
 * batch of each stream. Rows of a key that no head has are passed over; every stream is closed when the caller stops.
 */
export async function* mergeJoin<H, R extends object>(
  heads: Part<H>,
  parts: { readonly [K in keyof R]: Part<R[K]> },
  pageSize: number,
  compare: (a: string, b: string) => number = byCodePoint,
): AsyncGenerator<readonly Joined<H, R>[]> {
  const named = Object.entries(parts) as unknown as readonly [string, Part<R[keyof R]>][];
  const followers = named.map(([name, part]) => [name, new Follower(part, compare)] as const);
  try {
    let page: Joined<H, R>[] = [];
    for await (const batch of batchesOf(heads.rows)) {
      for (const head of batch) {
        const key = heads.keyOf(head);
        const rows: Record<string, unknown> = {};
        for (const [name, follower] of followers)
          rows[name] = follower.ready(key) ? follower.take(key) : await follower.gather(key);
        page.push([head, rows as Joined<H, R>[1]]);
        if (page.length < pageSize) continue;
        yield page;
        page = [];
      }
    }
    if (page.length > 0) yield page;
  } finally {
    for (const [, follower] of followers) await follower.close();
  }
}

function batchesOf<R>(rows: Batches<R>): AsyncIterable<readonly R[]> | Iterable<readonly R[]> {
  return Array.isArray(rows) ? [rows as readonly R[]] : (rows as AsyncIterable<readonly R[]>);
}

/** Follows one stream behind the heads. */
class Follower<R> {
  private readonly source: AsyncIterator<readonly R[]> | Iterator<readonly R[]>;
  private batch: KeyedRows<R>;
  private lastKey: string | undefined;
  private ended = false;

  constructor(
    private readonly part: Part<R>,
    private readonly compare: (a: string, b: string) => number,
  ) {
    const batches = batchesOf(part.rows);
    this.source =
      Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
    this.batch = new KeyedRows([], part.keyOf, compare);
  }

  /** All rows of `key` are in the batch at hand. */
  ready(key: string): boolean {
    return this.ended || (this.lastKey !== undefined && this.compare(this.lastKey, key) > 0);
  }

  take(key: string): readonly R[] {
    return this.batch.take(key);
  }

  /** The rows of `key`, over as many batches as they take. */
  async gather(key: string): Promise<readonly R[]> {
    const rows = [...this.batch.take(key)];
    while (!this.ready(key)) {
      const next = await this.source.next();
      if (next.done === true) {
        this.ended = true;
        this.batch = new KeyedRows([], this.part.keyOf, this.compare);
      } else if (next.value.length > 0) {
        this.lastKey = this.part.keyOf(next.value[next.value.length - 1] as R);
        this.batch = new KeyedRows(next.value, this.part.keyOf, this.compare);
        rows.push(...this.batch.take(key));
      }
    }
    return rows;
  }

  async close(): Promise<void> {
    if (!this.ended) await this.source.return?.();
  }
}
