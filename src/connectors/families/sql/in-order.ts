/** Asks for each item, `width` at a time, and gives the answers in the order of the items. */
export async function* inOrder<T, R>(
  items: readonly T[],
  width: number,
  ask: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const asked: Promise<R>[] = [];
  for (const item of items) {
    const answer = ask(item);
    // Whoever leaves early, or fails, leaves others unheard.
    answer.catch(() => undefined);
    asked.push(answer);
    const oldest = asked.length < width ? undefined : asked.shift();
    if (oldest) yield await oldest;
  }
  for (const answer of asked) yield await answer;
}
