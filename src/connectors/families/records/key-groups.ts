import { ANY_NAME, isWord, keySegments } from './key-pattern.js';

/** Keys of one pattern: how many were seen, and the first few of them. */
export interface KeyGroup<K> {
  readonly pattern: string;
  readonly count: number;
  readonly sample: readonly K[];
}

/** A place in the patterns; it is a group of its own when keys end there. */
interface Place<K> {
  count: number;
  sample: K[];
  readonly next: Map<string, Place<K>>;
  /** How many of `next` are words. When there are too many of them they are values, not names. */
  words: number;
}

const MAX_WORDS = 50;
const OTHER = '{other}';

/**
 * Groups keys by pattern in bounded memory, whatever the keys are. A place where more than 50 different words follow
 * holds values: its words become one `{name}`. When there are too many groups that limit falls, and what fits nowhere
 * even then is counted as `{other}`.
 */
export class KeyGroups<K> {
  private readonly root: Place<K> = place();
  private groups = 0;
  private maxWords = MAX_WORDS;

  constructor(
    private readonly sampleSize: number,
    private readonly maxGroups = 2_000,
  ) {}

  /** Counts one key under its pattern; `keep` is called for what the sample keeps of it, if it wants one more. */
  add(text: string, keep: () => K): void {
    const parts = keySegments(text);
    while (this.groups >= this.maxGroups && this.maxWords > 1 && this.find(parts) === undefined) {
      this.maxWords = Math.floor(this.maxWords / 2);
      this.narrow(this.root);
    }
    const room = this.groups < this.maxGroups || this.find(parts) !== undefined;
    let at = this.root;
    for (const part of room ? parts : [OTHER]) at = this.follow(at, part);
    if (at.count === 0) this.groups += 1;
    at.count += 1;
    if (at.sample.length < this.sampleSize) at.sample.push(keep());
  }

  /** The groups, those with the most keys first. */
  list(): KeyGroup<K>[] {
    const found: KeyGroup<K>[] = [];
    const walk = (at: Place<K>, pattern: string): void => {
      if (at.count > 0) found.push({ pattern, count: at.count, sample: at.sample });
      for (const [part, next] of at.next) walk(next, pattern + part);
    };
    walk(this.root, '');
    return found.sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1));
  }

  /** The group of these parts, if it is there already. */
  private find(parts: readonly string[]): Place<K> | undefined {
    let at: Place<K> | undefined = this.root;
    for (const part of parts) at = at?.next.get(part) ?? (isWord(part) ? at?.next.get(ANY_NAME) : undefined);
    return at && at.count > 0 ? at : undefined;
  }

  private follow(at: Place<K>, part: string): Place<K> {
    const word = isWord(part);
    const known = at.next.get(part) ?? (word ? at.next.get(ANY_NAME) : undefined);
    if (known) return known;
    const made = place<K>();
    at.next.set(part, made);
    if (word) at.words += 1;
    if (at.words <= this.maxWords) return made;
    this.mergeWords(at);
    return word ? (at.next.get(ANY_NAME) ?? made) : made;
  }

  private narrow(at: Place<K>): void {
    if (at.words > this.maxWords) this.mergeWords(at);
    for (const next of at.next.values()) this.narrow(next);
  }

  private mergeWords(at: Place<K>): void {
    const any = at.next.get(ANY_NAME) ?? place<K>();
    for (const [part, next] of at.next) {
      if (!isWord(part)) continue;
      at.next.delete(part);
      this.mergeInto(any, next);
    }
    at.next.set(ANY_NAME, any);
    at.words = 0;
  }

  private mergeInto(into: Place<K>, from: Place<K>): void {
    if (into.count > 0 && from.count > 0) this.groups -= 1;
    into.count += from.count;
    into.sample = [...into.sample, ...from.sample].slice(0, this.sampleSize);
    for (const [part, next] of from.next) this.mergeInto(this.follow(into, part), next);
  }
}

const place = <K>(): Place<K> => ({ count: 0, sample: [], next: new Map(), words: 0 });
