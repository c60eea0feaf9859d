import type { Field, NormalizedType } from '../../spi/index.js';
import type { PgLine } from './line.js';
import type { Row } from './raw-query.js';
import { TYPES } from './queries.js';

/** Built-in types and those of common extensions, by the name in pg_type. */
const BY_NAME = new Map<string, NormalizedType>(
  Object.entries({
    bool: 'boolean',
    int2: 'integer',
    int4: 'integer',
    int8: 'integer',
    oid: 'integer',
    numeric: 'decimal',
    money: 'decimal',
    float4: 'float',
    float8: 'float',
    bytea: 'binary',
    date: 'date',
    time: 'time',
    timetz: 'time',
    timestamp: 'timestamp',
    timestamptz: 'timestamp_tz',
    interval: 'interval',
    uuid: 'uuid',
    json: 'json',
    jsonb: 'json',
    hstore: 'map',
    xml: 'string',
    bit: 'string',
    varbit: 'string',
    char: 'string',
    citext: 'string',
    ltree: 'string',
    geometry: 'geometry',
    geography: 'geometry',
  } as const),
);

/** By the category of pg_type, for all that has no entry above. */
const BY_CATEGORY = new Map<string, NormalizedType>(
  Object.entries({
    A: 'array',
    B: 'boolean',
    C: 'object',
    E: 'enum',
    G: 'geometry',
    I: 'network',
    S: 'string',
    T: 'interval',
  } as const),
);

/** Their category is the one of all types without a better one. */
const NETWORK = new Set(['macaddr', 'macaddr8']);

/** @param name of the base type: a domain is what it is over. */
export function normalizeType(name: string, category: string): NormalizedType {
  if (NETWORK.has(name)) return 'network';
  return BY_NAME.get(name) ?? BY_CATEGORY.get(category) ?? 'unknown';
}

type Sizes = Pick<Field, 'max_length' | 'precision' | 'scale'>;

/** What a type modifier means, see the typmodout functions of PostgreSQL. */
export function sizesOf(name: string, modifier: number): Sizes {
  if (modifier < 0) return {};
  switch (name) {
    case 'varchar':
    case 'bpchar':
      return { max_length: modifier - 4 };
    case 'bit':
    case 'varbit':
      return { max_length: modifier };
    case 'numeric': {
      const packed = modifier - 4;
      // Scales are signed since PostgreSQL 15, in 11 bits.
      return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 0x400) - 0x400 };
    }
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return { precision: modifier };
    default:
      return {};
  }
}

export interface TypeFacts extends Sizes {
  readonly native_type: string;
  readonly type: NormalizedType;
  readonly values?: readonly string[];
  /** Part of the fingerprint of each relation that uses the type. */
  readonly stamp: number;
}

const UNKNOWN: TypeFacts = { native_type: 'unknown', type: 'unknown', stamp: 0 };

/** The modifier of a type without one. */
export const PLAIN = '-1';

type TypeUse = readonly [oid: string, modifier: string];

/** The types that a read has met. Columns share few of them: each is asked for once. */
export class TypeBook {
  /** By oid and modifier; what was asked for and is not here yet is a promise. */
  private readonly facts = new Map<string, Map<string, TypeFacts | Promise<void>>>();

  constructor(private readonly line: PgLine) {}

  /** A learned type; `unknown` for one that went away while it was asked for. */
  of(oid: string, modifier: string): TypeFacts {
    const facts = this.facts.get(oid)?.get(modifier);
    return facts === undefined || facts instanceof Promise ? UNKNOWN : facts;
  }

  /** Asks for those types that are new. In `rows` the oid is at `at`, and the modifier behind it. */
  async learn(rows: readonly Row[], at: number): Promise<void> {
    const wanted: TypeUse[] = [];
    const waiting = new Set<Promise<void>>();
    const asked = Promise.resolve();
    for (const row of rows) {
      const oid = row[at] ?? '';
      const modifier = row[at + 1] ?? PLAIN;
      let uses = this.facts.get(oid);
      if (!uses) this.facts.set(oid, (uses = new Map<string, TypeFacts | Promise<void>>()));
      const known = uses.get(modifier);
      if (known === undefined) {
        uses.set(modifier, asked);
        wanted.push([oid, modifier]);
      } else if (known instanceof Promise && known !== asked) waiting.add(known);
    }
    if (wanted.length > 0) waiting.add(this.ask(wanted));
    await Promise.all(waiting);
  }

  private ask(wanted: readonly TypeUse[]): Promise<void> {
    const oids = arrayOf(wanted.map(([oid]) => oid));
    const modifiers = arrayOf(wanted.map(([, modifier]) => modifier));
    const asking = this.line.rows(TYPES, [oids, modifiers]).then(
      (rows) => {
        for (const [oid, modifier] of wanted) this.facts.get(oid)?.set(modifier, UNKNOWN);
        for (const row of rows) this.note(row);
      },
      (error: unknown) => {
        // The page that wanted them is tried again, and then they are asked for again.
        for (const [oid, modifier] of wanted) this.facts.get(oid)?.delete(modifier);
        throw error;
      },
    );
    for (const [oid, modifier] of wanted) this.facts.get(oid)?.set(modifier, asking);
    return asking;
  }

  private note([oid, modifier, native, name, kind, category, baseModifier, values, stamp]: Row): void {
    this.facts.get(oid ?? '')?.set(modifier ?? '', {
      native_type: native ?? 'unknown',
      type: kind === 'e' ? 'enum' : normalizeType(name ?? '', category ?? ''),
      ...sizesOf(name ?? '', Number(baseModifier)),
      ...(values === null || values === undefined ? {} : { values: JSON.parse(values) as string[] }),
      stamp: Number(stamp),
    });
  }
}

/** Numbers as an array parameter. */
export function arrayOf(numbers: readonly string[]): string {
  return `{${numbers.join(',')}}`;
}
