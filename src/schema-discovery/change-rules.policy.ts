/** Every kind of change between two versions of a dataset. */
export const CHANGE_TYPES = [
  'dataset_added',
  'dataset_removed',
  'dataset_kind_changed',
  'dataset_comment_changed',
  'dataset_definition_changed',
  'dataset_partitioning_changed',
  'dataset_properties_changed',
  'field_added',
  'field_removed',
  'field_type_changed',
  'field_nullability_changed',
  'field_default_changed',
  'field_generation_changed',
  'field_values_changed',
  'field_collation_changed',
  'field_comment_changed',
  'field_order_changed',
  'primary_key_added',
  'primary_key_removed',
  'primary_key_changed',
  'unique_key_added',
  'unique_key_removed',
  'unique_key_changed',
  'foreign_key_added',
  'foreign_key_removed',
  'foreign_key_changed',
  'check_added',
  'check_removed',
  'check_changed',
  'index_added',
  'index_removed',
  'index_changed',
] as const;
export type ChangeType = (typeof CHANGE_TYPES)[number];

/**
 * Breaking means: a reader or a writer that kept to the old shape may fail. Types that stand here are always, or never,
 * breaking; for the others the judge of diff.policy looks at the two sides.
 */
export const BREAKING: Readonly<Record<ChangeType, boolean | 'depends'>> = {
  dataset_added: false,
  dataset_removed: true,
  dataset_kind_changed: true,
  dataset_comment_changed: false,
  // What a view gives is in its fields.
  dataset_definition_changed: false,
  dataset_partitioning_changed: false,
  dataset_properties_changed: false,
  field_added: 'depends',
  field_removed: true,
  field_type_changed: 'depends',
  // Writers may not leave it out any more, or readers meet what they never met.
  field_nullability_changed: true,
  field_default_changed: 'depends',
  field_generation_changed: 'depends',
  field_values_changed: 'depends',
  field_collation_changed: false,
  field_comment_changed: false,
  field_order_changed: false,
  // A constraint more may refuse a row that was good before; one less may let in what readers do not expect.
  primary_key_added: true,
  primary_key_removed: true,
  primary_key_changed: true,
  unique_key_added: true,
  unique_key_removed: true,
  unique_key_changed: true,
  foreign_key_added: true,
  foreign_key_removed: false,
  foreign_key_changed: true,
  check_added: true,
  check_removed: false,
  check_changed: true,
  index_added: false,
  index_removed: false,
  index_changed: false,
};

/** Names of whole-number types from narrow to wide, as the sources write them. */
const INTEGERS = [
  ['tinyint', 'int1'],
  ['smallint', 'int2'],
  ['mediumint', 'int3'],
  ['integer', 'int', 'int4'],
  ['bigint', 'int8'],
];
const FLOATS = [
  ['real', 'float4', 'float'],
  ['double precision', 'float8', 'double'],
];

/** The parts of a field that its type is made of. */
export interface TypeFacts {
  readonly type: string;
  readonly native_type: string;
  readonly max_length?: number;
  readonly precision?: number;
  readonly scale?: number;
}

/** Whether every value of the old type fits the new one and stays what it was. */
export function isWidening(before: TypeFacts, after: TypeFacts): boolean {
  if (before.type !== after.type) return false;
  switch (before.type) {
    case 'string':
    case 'binary':
      return before.max_length !== undefined && (after.max_length ?? Infinity) >= before.max_length;
    case 'integer':
      return climbs(INTEGERS, before, after);
    case 'float':
      return climbs(FLOATS, before, after);
    case 'decimal':
      return holds(before, after);
    default:
      return false;
  }
}

function climbs(ladder: readonly (readonly string[])[], before: TypeFacts, after: TypeFacts): boolean {
  const rung = ({ native_type }: TypeFacts): number =>
    ladder.findIndex((names) => names.includes(native_type.toLowerCase().replace(/\(\d+\)$/, '')));
  const from = rung(before);
  return from >= 0 && rung(after) >= from;
}

/** No digit is lost before or behind the point; a decimal without a precision holds all. */
function holds(before: TypeFacts, after: TypeFacts): boolean {
  if (after.precision === undefined) return after.scale === undefined;
  if (before.precision === undefined) return false;
  const [scale, wider] = [before.scale ?? 0, after.scale ?? 0];
  return wider >= scale && after.precision - wider >= before.precision - scale;
}
