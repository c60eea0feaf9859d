/** Answers by key, the least recently used thrown away first; bounded by the bytes it holds. */
export class PageCache {
  private readonly pages = new Map<string, Buffer>();
  private held = 0;
  hits = 0;
  misses = 0;

  constructor(private readonly maxBytes: number) {}

  get(key: string): Buffer | undefined {
    const page = this.pages.get(key);
    if (!page) {
      this.misses += 1;
      return undefined;
    }
    this.hits += 1;
    this.pages.delete(key);
    this.pages.set(key, page);
    return page;
  }

  set(key: string, page: Buffer): void {
    // One page must not empty the cache.
    if (page.length > this.maxBytes / 4) return;
    this.drop(key);
    this.pages.set(key, page);
    this.held += page.length;
    for (const oldest of this.pages.keys()) {
      if (this.held <= this.maxBytes) return;
      this.drop(oldest);
    }
  }

  get bytes(): number {
    return this.held;
  }

  get entries(): number {
    return this.pages.size;
  }

  private drop(key: string): void {
    this.held -= this.pages.get(key)?.length ?? 0;
    this.pages.delete(key);
  }
}
