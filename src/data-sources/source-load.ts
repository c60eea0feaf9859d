import { PURPOSES, type Purpose, type StatementRecord } from '../connectors/spi/index.js';

/** A statement, for what and for whom it ran. */
export interface LoadEntry extends StatementRecord {
  readonly purpose: Purpose;
  readonly by: string;
}

/** Sums over statements. */
export interface LoadSums {
  readonly statements: number;
  readonly errors: number;
  readonly rows: number;
  readonly bytes: number;
  readonly ms_total: number;
  readonly ms_max: number;
}

export interface LoadReport {
  readonly since: number;
  readonly statementsLastMinute: number;
  readonly byPurpose: readonly (LoadSums & { readonly purpose: Purpose })[];
  readonly top: readonly (LoadSums & Pick<LoadEntry, 'fingerprint' | 'text' | 'purpose'>)[];
  /** The newest first. */
  readonly recent: readonly LoadEntry[];
}

type Sums = { -readonly [K in keyof LoadSums]: number };
type Total = Sums & Pick<LoadEntry, 'fingerprint' | 'text' | 'purpose'>;

const RECENT = 100;
/** Forms of statements that are told apart; those that come later count for their purpose alone. */
const FORMS = 200;
const TOP = 20;
const SLOTS = 60;

/** What ran on one source since it was first used; its memory is bounded, whatever runs. */
export class SourceLoad {
  private readonly since = Date.now();
  private readonly recent: LoadEntry[] = [];
  private next = 0;
  private readonly purposes = new Map<Purpose, Sums>();
  private readonly forms = new Map<string, Total>();
  /** Statements by second of the last minute. */
  private readonly perSecond = new Uint32Array(SLOTS);
  private second = 0;

  add(entry: LoadEntry): void {
    this.recent[this.next] = entry;
    this.next = (this.next + 1) % RECENT;
    this.turnTo(entry.at);
    const slot = this.second % SLOTS;
    this.perSecond[slot] = (this.perSecond[slot] ?? 0) + 1;
    const { purpose, fingerprint, text } = entry;
    let sums = this.purposes.get(purpose);
    if (!sums) this.purposes.set(purpose, (sums = nothing()));
    sum(sums, entry);
    const key = purpose + fingerprint;
    let form = this.forms.get(key);
    if (!form) {
      if (this.forms.size >= FORMS) return;
      this.forms.set(key, (form = { fingerprint, text, purpose, ...nothing() }));
    }
    sum(form, entry);
  }

  report(now: number): LoadReport {
    this.turnTo(now);
    const newest = [...this.recent.slice(this.next), ...this.recent.slice(0, this.next)].reverse();
    return {
      since: this.since,
      statementsLastMinute: this.perSecond.reduce((total, count) => total + count, 0),
      byPurpose: PURPOSES.flatMap((purpose) => {
        const sums = this.purposes.get(purpose);
        return sums ? [{ purpose, ...shown(sums) }] : [];
      }),
      top: [...this.forms.values()]
        .sort((a, b) => b.ms_total - a.ms_total)
        .slice(0, TOP)
        .map(shown),
      recent: newest,
    };
  }

  /** Empties the seconds that went by. A clock that is put back counts into the newest second. */
  private turnTo(at: number): void {
    const second = Math.floor(at / 1_000);
    if (second - this.second >= SLOTS) this.perSecond.fill(0);
    else for (let s = this.second + 1; s <= second; s++) this.perSecond[s % SLOTS] = 0;
    this.second = Math.max(this.second, second);
  }
}

/** A copy with times to a tenth of a millisecond. */
function shown<T extends Sums>(sums: T): T {
  return { ...sums, ms_total: tenths(sums.ms_total), ms_max: tenths(sums.ms_max) };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function nothing(): Sums {
  return { statements: 0, errors: 0, rows: 0, bytes: 0, ms_total: 0, ms_max: 0 };
}

function sum(sums: Sums, { outcome, rows, bytes, ms }: LoadEntry): void {
  sums.statements++;
  if (outcome === 'failed') sums.errors++;
  sums.rows += rows;
  sums.bytes += bytes;
  sums.ms_total += ms;
  if (ms > sums.ms_max) sums.ms_max = ms;
}
