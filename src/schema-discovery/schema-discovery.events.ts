import type { ChangeCounts } from './schema-discovery.types.js';

/** A run has stored what it found; `changes` are all zero where the source is as it was. */
export const SCHEMA_DISCOVERED = 'schema.discovered';

export interface SchemaDiscovered {
  readonly run_id: string;
  readonly snapshot: number;
  readonly changes: ChangeCounts;
}
