import type { Static, TObject } from 'typebox';
import type { BaseSession, CodeMap, Dataset, DiscoveryStrategy, OpenContext } from '../../spi/index.js';

/**
 * What a source of records (documents, keys, messages) gives so that the family makes a connector of it. Such a source
 * declares no schema: the driver peeks at a bounded sample and says where a bound cut it.
 */
export interface RecordsDriver<S extends TObject, L extends RecordsLine> {
  /** Native codes of the driver; what it throws is turned into an AppError through them. */
  readonly codes: CodeMap;
  /** Opens a line, or rejects and leaves no socket behind. Destroys the socket when `context.signal` aborts. */
  connect(config: Static<S>, context: OpenContext): Promise<L>;
  /**
   * The parts that are read one after the other, such as databases; those that the account may see. Rejects with
   * PERMISSION_DENIED where the account may list nothing: a test of the source asks for this alone.
   */
  scopes(line: L, signal: AbortSignal): Promise<readonly string[]>;
  /** Every dataset of a scope, each once. The generator returns what cut the read short, or nothing. */
  datasets(line: L, scope: string, peek: Peek): AsyncGenerator<Dataset, CutShort | undefined>;
}

/** One connection. The family destroys it when the caller's signal aborts; every pending call rejects then. */
export interface RecordsLine extends BaseSession {
  /** Drops the socket at once; `usable` is false from then on. */
  destroy(): void;
}

/** How hard the source is worked, and the bounds of the peek. */
export interface Peek {
  /** Records or keys in one round trip. */
  readonly batch: number;
  /** Milliseconds of rest for the source between two batches. */
  readonly pauseMs: number;
  /** Keys (or documents) that are listed in one scope at most. */
  readonly maxListed: number;
  /** Bytes that are read in one scope at most. */
  readonly maxBytes: number;
  /** Milliseconds that one scope may take. */
  readonly maxMs: number;
  /** Records of one dataset that are looked into. */
  readonly sample: number;
  readonly signal: AbortSignal;
  /**
   * Whether the caller's globs choose a dataset of this name in the scope that is read. A driver that pays for each
   * dataset asks it before it looks into one; what is yielded all the same is left out by the family.
   */
  readonly wants: (name: string) => boolean;
}

/** Why a scope is only partly read, in words that a user can act on. */
export interface CutShort {
  readonly reason: string;
}

const BOUNDS = {
  maxListed: 1_000_000,
  maxBytes: 256_000_000,
  maxMs: 120_000,
  sample: 20,
  wants: (): boolean => true,
};

/** Batch and pause by strategy; the bounds, and so what is found, are the same for all. Everything is wanted. */
export const PEEKS: Readonly<Record<DiscoveryStrategy, Omit<Peek, 'signal'>>> = {
  conservative: { ...BOUNDS, batch: 200, pauseMs: 20 },
  balanced: { ...BOUNDS, batch: 1_000, pauseMs: 0 },
  aggressive: { ...BOUNDS, batch: 5_000, pauseMs: 0 },
};
