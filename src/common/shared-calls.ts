/** Callers who ask for the same thing at the same moment share one call: a thousand of them cost what one costs. */
export class SharedCalls<T> {
  private readonly running = new Map<string, Promise<T>>();

  /** The answer of the call that is under way for `key`, else of a new one. A fault goes to all who share it, and is not kept. */
  get(key: string, call: () => Promise<T>): Promise<T> {
    const known = this.running.get(key);
    if (known) return known;
    const own = call().finally(() => this.running.delete(key));
    this.running.set(key, own);
    return own;
  }
}
