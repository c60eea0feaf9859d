import type { CheckConstraint, Dataset, ForeignKey, KeyConstraint } from '../../spi/index.js';
import type { ConstraintFacts, DatasetParts } from './sql-driver.js';

type Draft = { -readonly [K in keyof Dataset]: Dataset[K] };

/** A dataset of its parts: absent facts are left out, and the kinds of constraints stand apart. */
export function buildDataset({ relation, fields, constraints, indexes }: DatasetParts): Dataset {
  const dataset: Draft = { schema: relation.schema, name: relation.name, kind: relation.kind, fields };
  if (relation.comment !== undefined) dataset.comment = relation.comment;
  if (relation.partitionOf) dataset.partition_of = relation.partitionOf;
  if (relation.partitioning !== undefined) dataset.partitioning = relation.partitioning;
  if (relation.definition !== undefined) dataset.definition = relation.definition;
  if (relation.rowEstimate !== undefined) dataset.row_estimate = relation.rowEstimate;
  if (relation.sizeBytes !== undefined) dataset.size_bytes = relation.sizeBytes;
  if (relation.properties) dataset.properties = relation.properties;
  // A view has no constraints to look for; an empty list would say that they were looked for.
  if (relation.kind === 'view') return dataset;
  addConstraints(dataset, constraints);
  dataset.indexes = indexes;
  return dataset;
}

function addConstraints(dataset: Draft, constraints: readonly ConstraintFacts[]): void {
  const uniqueKeys: KeyConstraint[] = [];
  const foreignKeys: ForeignKey[] = [];
  const checks: CheckConstraint[] = [];
  for (const { kind, ...constraint } of constraints) {
    if (kind === 'primary') dataset.primary_key = constraint as KeyConstraint;
    else if (kind === 'unique') uniqueKeys.push(constraint as KeyConstraint);
    else if (kind === 'foreign') foreignKeys.push(constraint as ForeignKey);
    else checks.push(constraint as CheckConstraint);
  }
  dataset.unique_keys = uniqueKeys;
  dataset.foreign_keys = foreignKeys;
  dataset.checks = checks;
}
