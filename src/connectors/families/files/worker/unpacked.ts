import { constants, createGunzip } from 'node:zlib';
import { CAPS, type Sample } from '../analysis.js';
import { isGzip, samplePlan, spreadPlan } from '../sample-plan.js';
import { ParseFault } from './parse-fault.js';

/**
 * The sample of what is inside of a gzip file; any other sample as it is. Never holds more than `CAPS.unpackedBytes`
 * of unpacked bytes; where that is not all, `size` is an estimate. What swells beyond `CAPS.unpackedRatio` is refused
 * with FILE_TOO_LARGE_INFLATED.
 */
export async function unpacked(sample: Sample): Promise<{ sample: Sample; packed: boolean }> {
  const bytes = sample.pieces[0]?.bytes;
  if (bytes === undefined || !isGzip(bytes)) return { sample, packed: false };
  const { content, ended, consumed } = await inflate(bytes, bytes.length === sample.size);
  const size = ended
    ? content.length
    : Math.max(content.length + 1, Math.round((content.length / Math.max(1, consumed)) * sample.size));
  const pieces = ended ? samplePlan(size, false) : spreadPlan(content.length);
  return {
    sample: {
      size,
      pieces: pieces.map(({ offset, length }) => ({
        offset,
        bytes: content.subarray(offset, offset + length),
      })),
    },
    packed: true,
  };
}

interface Inflated {
  readonly content: Uint8Array;
  /** All of the file is in `content`. */
  readonly ended: boolean;
  /** Packed bytes that `content` was made of. */
  readonly consumed: number;
}

async function inflate(bytes: Uint8Array, complete: boolean): Promise<Inflated> {
  // A beginning only: what is there is wanted without the complaint that the end is missing.
  const gunzip = createGunzip(complete ? {} : { finishFlush: constants.Z_SYNC_FLUSH });
  const chunks: Buffer[] = [];
  let length = 0;
  let full = false;
  gunzip.end(bytes);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= CAPS.unpackedBytes) {
        full = true;
        break;
      }
    }
  } catch {
    throw new ParseFault('The gzip file is damaged or cut off.');
  }
  const consumed = gunzip.bytesWritten;
  if (full && length > consumed * CAPS.unpackedRatio)
    throw new ParseFault(
      `The file unpacks to more than ${CAPS.unpackedRatio} times its size.`,
      'FILE_TOO_LARGE_INFLATED',
    );
  return { content: Buffer.concat(chunks), ended: complete && !full, consumed };
}
