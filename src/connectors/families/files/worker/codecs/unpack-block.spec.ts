import { describe, expect, test } from '@jest/globals';
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { ParseFault } from '../parse-fault.js';
import { unpackBlock, type BlockCodec } from './unpack-block.js';

const PLAIN = Buffer.concat([
  Buffer.from('Datawave reads footers. '.repeat(20)),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
]);

/** Packed by the libraries of Apache Arrow; those of Node for the others. */
const PACKED: readonly (readonly [BlockCodec, Buffer])[] = [
  ['none', PLAIN],
  ['deflate', deflateRawSync(PLAIN)],
  ['gzip', gzipSync(PLAIN)],
  ['brotli', brotliCompressSync(PLAIN)],
  [
    'snappy',
    Buffer.from(
      '4AVcRGF0YXdhdmUgcmVhZHMgZm9vdGVycy4g/hgA/hgA/hgA/hgA/hgA/hgA/hgAERjw/wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1tre4ubq7vL2+v8DBwsPExcbHyMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=',
      'base64',
    ),
  ],
  [
    'lz4',
    Buffer.from(
      '/wlEYXRhd2F2ZSByZWFkcyBmb290ZXJzLiAYAP+28PEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr/AwcLDxMXGx8jJysvMzc7P0NHS09TV1tfY2drb3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vv8/f7/',
      'base64',
    ),
  ],
  [
    'zstd',
    Buffer.from(
      'KLUv/WDgAQUJAIQRRGF0YXdhdmUgcmVhZHMgZm9vdGVycy4gAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/wEAFK86xw==',
      'base64',
    ),
  ],
];

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    expect(error).toBeInstanceOf(ParseFault);
    return (error as ParseFault).code;
  }
};

describe.each(PACKED)('a block packed by %s', (codec, packed) => {
  test('is unpacked, up to the limit', () => {
    expect(Buffer.from(unpackBlock(codec, packed, 1_000)).equals(PLAIN)).toBe(true);
    expect(Buffer.from(unpackBlock(codec, packed, PLAIN.length)).equals(PLAIN)).toBe(true);
    expect(codeOf(() => unpackBlock(codec, packed, PLAIN.length - 1))).toBe('FILE_TOO_LARGE_INFLATED');
  });

  test('that is cut off, empty or wrong gives no more than a fault', () => {
    for (let length = 0; length < packed.length; length++)
      codeOf(() => unpackBlock(codec, packed.subarray(0, length), 1_000));
    for (let at = 0; at < packed.length; at++)
      for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
        const wrong = Buffer.from(packed);
        wrong[at] = byte;
        codeOf(() => unpackBlock(codec, wrong, 1_000));
      }
  });
});

test('lengths beyond 2^31 lead nowhere', () => {
  // A literal whose four bytes of length have the highest bit set.
  expect(codeOf(() => unpackBlock('snappy', Buffer.of(10, 0xfc, 0xff, 0xff, 0xff, 0xff, 1, 2), 1_000))).toBe(
    'FILE_UNREADABLE',
  );
  expect(codeOf(() => unpackBlock('snappy', Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f), 1_000))).toBe(
    'FILE_TOO_LARGE_INFLATED',
  );
  // A frame of Zstandard that wants a window of terabytes, and one that promises as much.
  expect(
    codeOf(() => unpackBlock('zstd', Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 1, 0, 0), 1_000)),
  ).toBe('FILE_TOO_LARGE_INFLATED');
  const promise = Buffer.concat([
    Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0),
    Buffer.alloc(8, 0x70),
    Buffer.of(1, 0, 0),
  ]);
  expect(codeOf(() => unpackBlock('zstd', promise, 1_000))).toBe('FILE_TOO_LARGE_INFLATED');
});
