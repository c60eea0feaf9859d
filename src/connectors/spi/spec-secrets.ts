import type { TObject, TSchema } from 'typebox';
import { HOST_PATTERN, type Marks } from './spec.js';

type Json = Record<string, unknown>;
interface Marked {
  readonly properties?: Record<string, TSchema & Marks>;
}

/** Calls `visit` for each leaf of a spec with its path, such as `['tls', 'ca']`. */
function leaves(
  spec: TSchema,
  visit: (path: string[], field: TSchema & Marks) => void,
  path: string[] = [],
): void {
  for (const [name, field] of Object.entries((spec as Marked).properties ?? {})) {
    if ((field as Marked).properties) leaves(field, visit, [...path, name]);
    else visit([...path, name], field);
  }
}

/** Dotted paths of the secret fields, such as `password` and `tls.client_key`. */
export function secretFields(spec: TObject): string[] {
  const found: string[] = [];
  leaves(spec, (path, field) => field.writeOnly === true && found.push(path.join('.')));
  return found;
}

/** The value at a dotted path, own properties only. */
export function valueAt(object: unknown, path: string): unknown {
  let at: unknown = object;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Json)[key];
  }
  return at;
}

/** Splits a connection into what may be shown and the secrets by dotted path. The input is not changed. */
export function splitSecrets(
  spec: TObject,
  connection: Json,
): { open: Json; secrets: Record<string, string> } {
  const open = structuredClone(connection);
  const secrets: Record<string, string> = {};
  for (const path of secretFields(spec)) {
    const value = valueAt(connection, path);
    if (typeof value !== 'string') continue;
    secrets[path] = value;
    const parent = path.includes('.') ? valueAt(open, path.slice(0, path.lastIndexOf('.'))) : open;
    // A dynamic delete is what splitting is: the copy is ours.
    Reflect.deleteProperty(parent as Json, path.slice(path.lastIndexOf('.') + 1));
  }
  return { open, secrets };
}

/** Puts secrets back at their dotted paths. */
export function joinSecrets(open: Json, secrets: Readonly<Record<string, string>>): Json {
  const joined = structuredClone(open);
  for (const [path, value] of Object.entries(secrets)) {
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let at = joined;
    for (const key of keys) at = (at[key] ??= {}) as Json;
    at[last] = value;
  }
  return joined;
}

/**
 * The text that secrets are bound to: type and every `x-destination` field, normalised (case and trailing dot of host
 * names, defaults left out), so that equal destinations are equal text.
 */
export function destinationOf(spec: TObject, connection: Json): string {
  const parts: [string, unknown][] = [];
  leaves(spec, (path, field) => {
    if (path.length === 1 && path[0] === 'type') parts.push(['type', (field as { const?: unknown }).const]);
    if (field['x-destination'] !== true) return;
    const value = valueAt(connection, path.join('.'));
    // A default counts as left out, so that a field that a later version adds moves no source that exists.
    if (value === undefined || value === field.default) return;
    parts.push([path.join('.'), typeof value === 'string' && isHost(field) ? normalizeHost(value) : value]);
  });
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isHost = (field: Marks): boolean => field.pattern === HOST_PATTERN;

/** Lower case, no trailing dot. */
export function normalizeHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
