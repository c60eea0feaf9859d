/** A field name as a step of a JSON pointer (RFC 6901), cut where it is long. */
export function escapePointer(name: string): string {
  return name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}
