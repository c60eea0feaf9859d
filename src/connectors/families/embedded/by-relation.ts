/** Rows of one query by the relation that they are of, in their order. */
export function byRelation<R extends { readonly relation: string }>(rows: readonly R[]): Map<string, R[]> {
  const found = new Map<string, R[]>();
  for (const row of rows) {
    const some = found.get(row.relation);
    if (some) some.push(row);
    else found.set(row.relation, [row]);
  }
  return found;
}
