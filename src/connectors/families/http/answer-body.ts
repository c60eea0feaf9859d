import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { AppError } from '../../../common/app-error.js';

/** An answer with more bytes than were allowed for; it was cut off. */
export class AnswerTooLong extends AppError {
  constructor(maxBytes: number) {
    super('PROTOCOL', `The answer of the source is longer than ${String(maxBytes)} bytes.`);
  }
}

/** The whole body. @throws AnswerTooLong. */
export async function whole(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new AnswerTooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

const unzip = promisify(gunzip);

/** A packed body unpacked: some servers pack what nobody asked them to. @throws AppError PROTOCOL. */
export async function unpacked(body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(body, { maxOutputLength: maxBytes });
  } catch {
    throw new AppError(
      'PROTOCOL',
      `The packed answer of the source cannot be unpacked into ${String(maxBytes)} bytes.`,
    );
  }
}
