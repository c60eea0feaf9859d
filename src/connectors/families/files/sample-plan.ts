import { CAPS } from './analysis.js';

export interface Range {
  readonly offset: number;
  readonly length: number;
}

const GZIP_MAGIC = [0x1f, 0x8b];

export function isGzip(head: Uint8Array): boolean {
  return head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
}

/**
 * Which ranges of a file are read: all of a short file; of a longer one its head and blocks spread evenly to its end,
 * so that a column that changes its type late is seen; of a packed one the beginning.
 */
export function samplePlan(size: number, packed: boolean): readonly Range[] {
  if (packed) return [{ offset: 0, length: Math.min(size, CAPS.packedBytes) }];
  return size <= CAPS.wholeBytes ? [{ offset: 0, length: size }] : spreadPlan(size);
}

/** A head and blocks: in order, without overlap, every offset even (two bytes of UTF-16 stay together). */
export function spreadPlan(size: number): readonly Range[] {
  const { headBytes, blockBytes } = CAPS;
  // Two bytes to spare, as rounding to an even offset moves a block.
  const count = Math.min(CAPS.blocks, Math.floor((size - headBytes) / (blockBytes + 2)));
  if (count < 2) return [{ offset: 0, length: size }];
  const step = (size - headBytes - blockBytes) / (count - 1);
  const blocks = Array.from({ length: count }, (_, index) => {
    const offset = even(headBytes + index * step);
    return { offset, length: index === count - 1 ? size - offset : blockBytes };
  });
  return [{ offset: 0, length: headBytes }, ...blocks];
}

const even = (offset: number): number => 2 * Math.floor(offset / 2);
