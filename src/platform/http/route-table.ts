interface Route {
  readonly method: string | readonly string[];
  readonly url: string;
}

/** The routes that the server has, so that a wrong method can be told from a wrong path. */
export class RouteTable {
  private readonly byPattern = new Map<string, { readonly matches: RegExp; readonly methods: Set<string> }>();

  add({ method, url }: Route): void {
    let entry = this.byPattern.get(url);
    if (!entry) {
      const pattern = url
        .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replace(/:\w+/g, '[^/]+');
      this.byPattern.set(url, (entry = { matches: new RegExp(`^${pattern}$`), methods: new Set() }));
    }
    for (const name of [method].flat()) entry.methods.add(name);
  }

  /** Methods of the routes that a path leads to, in alphabetical order; empty where there is none. */
  methodsOf(path: string): string[] {
    const found = [...this.byPattern.values()].filter(({ matches }) => matches.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}
