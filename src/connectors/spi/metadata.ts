/**
 * What discovery finds, in the shape in which it is stored and served: names are the API's, so nothing maps them.
 * Optional facts are left out where a source has none; an empty list means "looked, and there is none".
 */

/** A column type that clients can rely on whatever the source calls it. */
export type NormalizedType =
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'string'
  | 'binary'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamp_tz'
  | 'interval'
  | 'uuid'
  | 'json'
  | 'array'
  | 'object'
  | 'map'
  | 'enum'
  | 'geometry'
  | 'network'
  | 'unknown';

export const DATASET_KINDS = [
  'table',
  'view',
  'materialized_view',
  'partitioned_table',
  'partition',
  'foreign_table',
  'sequence',
  'collection',
  'key_group',
  'file',
  'topic',
  'resource',
] as const;
export type DatasetKind = (typeof DATASET_KINDS)[number];

export interface Field {
  readonly name: string;
  /** 1-based position in the dataset. */
  readonly ordinal: number;
  /** The type as the source writes it, such as `numeric(12,2)`. */
  readonly native_type: string;
  readonly type: NormalizedType;
  readonly nullable: boolean;
  /** The default as the source writes it. */
  readonly default?: string;
  readonly identity?: 'always' | 'by_default';
  /** The expression of a generated column. */
  readonly generated?: string;
  readonly comment?: string;
  readonly collation?: string;
  readonly max_length?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Members of an enum, in their order. */
  readonly values?: readonly string[];
  /** The type was inferred from data, not declared by the source. */
  readonly inferred?: boolean;
  /** Share of the sampled records that have the field, 0 to 1; only with `inferred`. */
  readonly prevalence?: number;
  /** Fields of an object, or of the items of an array. */
  readonly fields?: readonly Field[];
}

export interface KeyConstraint {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface ForeignKey extends KeyConstraint {
  readonly references: {
    readonly schema: string;
    readonly dataset: string;
    readonly columns: readonly string[];
  };
  readonly on_update?: string;
  readonly on_delete?: string;
}

export interface CheckConstraint {
  readonly name: string;
  readonly expression: string;
}

export interface Index {
  readonly name: string;
  /** Column names; an expression stands as the source writes it. */
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly primary?: boolean;
  /** Access method, such as `btree` or `gin`. */
  readonly method?: string;
  /** Predicate of a partial index. */
  readonly predicate?: string;
}

/** One table, view, collection, file or topic. `schema` + `name` identify it in its source. */
export interface Dataset {
  readonly schema: string;
  readonly name: string;
  readonly kind: DatasetKind;
  readonly comment?: string;
  readonly fields: readonly Field[];
  readonly primary_key?: KeyConstraint;
  readonly unique_keys?: readonly KeyConstraint[];
  readonly foreign_keys?: readonly ForeignKey[];
  readonly checks?: readonly CheckConstraint[];
  readonly indexes?: readonly Index[];
  /** The parent of a partition. */
  readonly partition_of?: { readonly schema: string; readonly dataset: string };
  /** How a partitioned table is split, such as `RANGE (placed_at)`, or the bounds of a partition. */
  readonly partitioning?: string;
  /** Text of a view. */
  readonly definition?: string;
  /** The source's own estimate, never a count that was run for this. */
  readonly row_estimate?: number;
  readonly size_bytes?: number;
  /** Facts that only this kind of source has, such as the delimiter of a CSV file. */
  readonly properties?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}
