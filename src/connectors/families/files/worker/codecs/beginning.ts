import { constants, createGunzip, createInflateRaw } from 'node:zlib';

/**
 * The beginning of what is packed: `limit` bytes and at most one chunk more; that the end is missing is no fault.
 * Throws what zlib throws.
 */
export async function beginningOf(
  kind: 'deflate' | 'gzip',
  packed: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  const stream = kind === 'gzip' ? createGunzip(options) : createInflateRaw(options);
  const chunks: Buffer[] = [];
  let length = 0;
  stream.end(packed);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks);
}
