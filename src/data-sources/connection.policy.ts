import { createHash } from 'node:crypto';
import { AppError } from '../common/app-error.js';
import type { ConnectorDefinition } from '../connectors/spi/index.js';
import {
  destinationOf,
  secretFields,
  splitSecrets,
  TLS_MODES,
  tlsModeOf,
  validateConnection,
} from '../connectors/spi/index.js';

type Json = Record<string, unknown>;

/** A checked connection, taken apart. */
export interface Parts {
  /** What may be stored and shown. */
  readonly open: Json;
  /** Secrets by dotted field name. */
  readonly secrets: Record<string, string>;
  /** SHA-256 (hex) of the destination: what the secrets are bound to. */
  readonly destination: string;
}

/** Checks a connection against the spec of its type and takes it apart. Defaults are filled in. */
export function takeApart(definition: ConnectorDefinition, connection: unknown): Parts {
  const complete = validateConnection(definition, connection);
  return {
    ...splitSecrets(definition.spec, complete),
    destination: destinationHash(definition, complete),
  };
}

/** SHA-256 (hex) of where a connection sends its secrets. */
export function destinationHash(definition: ConnectorDefinition, connection: Json): string {
  return createHash('sha256').update(destinationOf(definition.spec, connection)).digest('hex');
}

/** RFC 7396 merge patch: null removes, objects merge, everything else replaces. Own keys only. */
export function mergePatch(target: Json, patch: Json): Json {
  const merged: Json = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else if (isObject(value))
      define(merged, key, mergePatch(isObject(merged[key]) ? merged[key] : {}, value));
    else define(merged, key, value);
  }
  return merged;
}

export interface Saved {
  readonly connection: Json;
  readonly destination: string;
  readonly secret_fields: readonly string[];
}

/** A patch applied to a saved connection. */
export interface Change extends Parts {
  /** Secrets that the request did not send and that stay as they are. */
  readonly kept: readonly string[];
  readonly changed: boolean;
}

/**
 * Applies a merge patch to a saved connection. Secrets that the patch does not name stay, but only where they go stays
 * too: a changed destination with a secret that is not sent again is refused before anything is dialled.
 *
 * @throws AppError CONFIG_INVALID, or CREDENTIALS_REENTRY_REQUIRED that names the missing secrets.
 */
export function applyPatch(definition: ConnectorDefinition, saved: Saved, patch: Json): Change {
  if ('type' in patch && patch.type !== definition.type) {
    const detail = 'The type cannot change; create another data source.';
    throw new AppError('CONFIG_INVALID', detail, {
      errors: [{ pointer: '/connection/type', code: 'immutable', detail }],
    });
  }
  const parts = takeApart(definition, mergePatch(saved.connection, patch));
  const removed = removedSecrets(definition, patch);
  const kept = saved.secret_fields.filter((field) => !(field in parts.secrets) && !removed.includes(field));
  const moved = parts.destination !== saved.destination;
  const missing = saved.secret_fields.filter((field) => !(field in parts.secrets));
  if (moved && missing.length > 0) {
    throw new AppError(
      'CREDENTIALS_REENTRY_REQUIRED',
      'The place or the way that the secrets are sent would change: send them again in the same request.',
      {
        errors: missing.map((field) => ({
          pointer: `/connection/${field.replaceAll('.', '/')}`,
          code: 'required',
          detail: 'This secret must be sent again.',
        })),
      },
    );
  }
  const same =
    !moved &&
    Object.keys(parts.secrets).length === 0 &&
    removed.length === 0 &&
    JSON.stringify(sorted(parts.open)) === JSON.stringify(sorted(saved.connection));
  return { ...parts, kept, changed: !same };
}

/** Whether a change makes TLS weaker than it was, in any block of the connection. */
export function weakensTls(before: object, after: object): boolean {
  return TLS_MODES.indexOf(tlsModeOf(after)) < TLS_MODES.indexOf(tlsModeOf(before));
}

function removedSecrets(definition: ConnectorDefinition, patch: Json): string[] {
  return secretFields(definition.spec).filter((field) => {
    let at: unknown = patch;
    for (const key of field.split('.')) {
      if (at === null) return true;
      at = isObject(at) ? at[key] : undefined;
    }
    return at === null;
  });
}

/** Sets an own property even where the name is one of Object.prototype's. */
function define(object: Json, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
