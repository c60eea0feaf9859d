import type { TestEndpoint } from '../../servers/server-types.js';

/** How to see that a server works, and that it refuses what it should. */
export interface Check<T extends TestEndpoint> {
  /** One request with good credentials; gives what a test compares with `expected`. */
  readonly accepted: (server: T) => Promise<unknown>;
  readonly expected: unknown;
  /** The same with a wrong secret; absent where the server checks none. Rejects, or gives an HTTP status. */
  readonly refused?: (server: T) => Promise<unknown>;
}
