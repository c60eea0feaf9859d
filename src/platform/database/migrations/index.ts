import { Core1764000000001 } from './0001-core.js';

/** In the order in which they run. */
export const MIGRATIONS = [Core1764000000001];
