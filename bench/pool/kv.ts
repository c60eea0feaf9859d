import type { LoadFigures } from './load.js';

/** Rows of the table that is read, by ids from 1. */
export const ROWS = 10_000;

export interface Server {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/** What main.ts asks for: figures of so many seconds, or another size of the pool, which has no answer. */
export type Ask = { readonly seconds: number } | { readonly size: number } | 'stop';
export type Answer = LoadFigures;
