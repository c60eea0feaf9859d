import { AppError } from '../common/app-error.js';
import type { Job } from '../platform/jobs/jobs.service.js';
import type { SnapshotScope } from './schema-discovery.types.js';

/** The snapshot that a run starts from. */
export interface BaseCatalog {
  readonly seq: number;
  readonly token: string | null;
  /** What the token stands for; see `coverageKey`. */
  readonly coverage: string | null;
  /** Destination of the source that was read. */
  readonly origin: string | null;
  readonly scopes: readonly SnapshotScope[];
}

/** One try of one run to write the next snapshot. Its number is its own as long as there is anything under it. */
export interface Attempt {
  readonly job: Job;
  readonly dataSourceId: string;
  readonly seq: number;
  readonly base: BaseCatalog | undefined;
}

/** Somebody has discarded the attempt: nothing more may be written for it. */
export function takenBack(): AppError {
  return new AppError('CANCELLED', 'What this run has written was taken back.');
}
