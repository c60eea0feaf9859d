import { createHash } from 'node:crypto';
import type { SecretRef } from './secret-backend.js';

const VERSION = 1;

/** Whether an opened envelope is the one that was asked for. */
export type Opened =
  | { readonly is: 'right'; readonly value: string }
  | { readonly is: 'moved' }
  | { readonly is: 'bound_elsewhere' };

/**
 * What is encrypted: the secret with everything that it is bound to. Fernet authenticates nothing beside the text, so a
 * ciphertext that was copied to another row, or kept while its destination changed, is found out by what is in it.
 */
export function sealEnvelope(ref: SecretRef, destination: string, value: string): string {
  return JSON.stringify({
    v: VERSION,
    org: ref.orgId,
    data_source: ref.dataSourceId,
    field: ref.field,
    destination: digest(destination),
    value,
  });
}

/** Checks an envelope against the row that it was found in and the destination that the secret is wanted for. */
export function openEnvelope(text: string, ref: SecretRef, destination: string): Opened {
  const envelope = parse(text);
  if (
    envelope?.v !== VERSION ||
    envelope.org !== ref.orgId ||
    envelope.data_source !== ref.dataSourceId ||
    envelope.field !== ref.field ||
    typeof envelope.value !== 'string'
  )
    return { is: 'moved' };
  if (envelope.destination !== digest(destination)) return { is: 'bound_elsewhere' };
  return { is: 'right', value: envelope.value };
}

/** SHA-256 of a destination in hex. */
function digest(destination: string): string {
  return createHash('sha256').update(destination).digest('hex');
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
