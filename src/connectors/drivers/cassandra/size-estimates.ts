import { textIn, type Row } from './rows.js';

export interface SizeEstimate {
  readonly partitions: number;
  /** Of one replica, as the rows are in memory: not compressed. */
  readonly bytes: number;
}

/** All tokens of the partitioner that every cluster has unless it was made before 2013. */
const RING = 2 ** 64;

interface Sum {
  partitions: number;
  bytes: number;
  tokens: number;
}

/**
 * Adds up `system.size_estimates` by table. A node only tells of its own primary ranges: what they hold is taken for
 * their share of the ring, as if partitions were spread evenly.
 */
export class SizeSums {
  private readonly sums = new Map<string, Sum>();

  add(row: Row): void {
    const [start, end] = [tokenOf(row, 'range_start'), tokenOf(row, 'range_end')];
    const count = Number(row.get('partitions_count'));
    const mean = Number(row.get('mean_partition_size'));
    if (start === undefined || end === undefined || !(count >= 0) || !(mean >= 0)) return;
    const name = textIn(row, 'table_name');
    const sum = this.sums.get(name) ?? { partitions: 0, bytes: 0, tokens: 0 };
    this.sums.set(name, sum);
    sum.partitions += count;
    sum.bytes += count * mean;
    // A range that ends where it begins, or before, goes around.
    sum.tokens += end > start ? Number(end - start) : RING - Number(start - end);
  }

  /** By table; one that nothing is known of is not there. */
  estimates(): Map<string, SizeEstimate> {
    const found = new Map<string, SizeEstimate>();
    for (const [name, { partitions, bytes, tokens }] of this.sums) {
      const share = Math.min(1, tokens / RING);
      const estimate = { partitions: Math.round(partitions / share), bytes: Math.round(bytes / share) };
      if (Object.values(estimate).every(Number.isSafeInteger)) found.set(name, estimate);
    }
    return found;
  }
}

/** Other partitioners have tokens that are no whole numbers, or of another size. */
function tokenOf(row: Row, column: string): bigint | undefined {
  const text = textIn(row, column);
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const token = BigInt(text);
  return BigInt.asIntN(64, token) === token ? token : undefined;
}
