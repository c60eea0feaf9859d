import { AppError, type ErrorCode } from '../../../common/app-error.js';
import type { CatalogPage, CatalogReader, ScopeHead } from './sql-driver.js';

/** What is read schema by schema, where one that cannot be read leaves the others whole. */
export interface SchemaSource {
  scopes(): Promise<readonly ScopeHead[]>;
  /** The datasets of one schema. */
  datasets(scope: string): AsyncIterable<CatalogPage>;
}

/** Faults of the line or of the login: every schema to come would only fail the same way. */
const OF_THE_LINE: readonly ErrorCode[] = [
  'UNREACHABLE',
  'TIMEOUT',
  'HOST_UNKNOWN',
  'EGRESS_DENIED',
  'TLS_FAILED',
  'AUTH_FAILED',
  'CANCELLED',
];

/** Whether a fault is one of the line or the login, and not of the schema that was asked for. */
export function isOfLine(error: unknown): boolean {
  return error instanceof AppError && OF_THE_LINE.includes(error.code);
}

/** A reader over schemas that are read one after the other; what a schema fails with is its own fault. */
export function schemaReader(source: SchemaSource, signal: AbortSignal): CatalogReader {
  return {
    scopes: () => source.scopes(),
    async *all(scopes): AsyncGenerator<CatalogPage> {
      for (const scope of scopes) {
        try {
          yield* source.datasets(scope);
        } catch (error) {
          if (signal.aborted || isOfLine(error)) throw error;
          yield { datasets: [], faults: [{ scope, status: 'failed', error }] };
        }
      }
    },
    close: () => Promise.resolve(),
  };
}
