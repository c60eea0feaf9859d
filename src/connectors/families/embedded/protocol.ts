/** What the product and the process of an embedded engine say to each other. */

export type EngineName = 'sqlite' | 'duckdb';

/** The file to open, and what it must turn out to be. */
export interface OpenOrder {
  readonly engine: EngineName;
  readonly path: string;
  /** Device and inode of the file that was judged, as text. */
  readonly identity: string;
}

export interface QueryOrder {
  readonly id: number;
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

export type Row = Readonly<Record<string, unknown>>;

/** A fault is a code of the engine, never its text: that holds paths and pieces of statements. */
export type EngineAnswer =
  | { readonly opened: true; readonly version: string }
  | { readonly id: number; readonly rows: readonly Row[] }
  | { readonly id?: number; readonly fault: string };

/** One engine as the process runs it. */
export interface Engine {
  readonly version: string;
  all(sql: string, params: readonly (string | number)[]): Promise<readonly Row[]>;
}
