/** A generator of our own, so that a failure can be repeated by its seed: numbers from 0 up to 1. */
export function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed >>> 0;
  for (;;) {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** Numbers that lengths and counts go wrong with, as they stand in files. */
const EVIL = [
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0x00, 0x00, 0x00, 0x80],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0x00],
  [0x80],
  [0xff],
  [0x7f],
] as const;

/**
 * Damaged copies of a file, the same ones for the same seed: bits that flip, bytes that go wrong, parts that are cut off,
 * doubled, moved or torn out, lengths that are absurd, and random bytes between a true beginning and a true end.
 */
export function* mutationsOf(original: Uint8Array, seed: number): Generator<Buffer, never> {
  const random = randomNumbers(seed);
  const below = (limit: number): number => Math.floor(random.next().value * limit);
  const { length } = original;
  // Where the facts stand: all over a short file, at both ends of a long one.
  const place = (): number => {
    const reach = Math.min(length, 6_000);
    return below(2) === 0 ? below(reach) : length - 1 - below(reach);
  };
  for (;;) {
    let bytes = Buffer.from(original);
    for (let times = 1 + below(4); times > 0 && bytes.length > 0; times--) {
      const at = Math.min(place(), bytes.length - 1);
      const some = 1 + below(64);
      switch (below(8)) {
        case 0:
          bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
          break;
        case 1:
          bytes[at] = below(256);
          break;
        case 2:
          bytes.set((EVIL[below(EVIL.length)] ?? []).slice(0, bytes.length - at), at);
          break;
        case 3:
          bytes = bytes.subarray(0, at);
          break;
        case 4:
          bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + some)]);
          break;
        case 5:
          bytes = Buffer.concat([bytes.subarray(0, at + some), bytes.subarray(at)]);
          break;
        case 6:
          for (let index = at; index < Math.min(bytes.length, at + some); index++) bytes[index] = below(256);
          break;
        default:
          bytes.copy(bytes, at, place() % bytes.length, bytes.length);
      }
    }
    yield bytes;
  }
}
