import { AppError } from '../../../../common/app-error.js';
import type { HttpAnswer } from '../../http/http-line.js';
import type { FileFacts, StoredFile } from './file-store.js';

/** A range that a store is asked for, by GET, as it is stored. */
export interface AskedRange {
  /** Value of a Range header; absent for the whole. */
  readonly range?: string;
  /** The version that it must be of, or the answer is 412. */
  readonly version?: string;
  /** What the answer can have at most, the words of a fault included. */
  readonly maxBytes: number;
}
export type AskRange = (range: AskedRange, signal: AbortSignal) => Promise<HttpAnswer>;

/** How a store answers. */
export interface RangeAnswers {
  /** The version in the headers; undefined where there is none. Some have to make one of the first bytes. */
  version(headers: Readonly<Record<string, string>>, head?: Buffer): string | undefined;
  /** What an answer that is no success means. */
  fault(answer: HttpAnswer): AppError;
}

/** What is read when a file is opened, so that the look at its first bytes costs no call of its own. */
const HEAD_BYTES = 64 * 1024;
/** A fault in words is short. */
const FAULT_BYTES = 64 * 1024;

/** Facts of a file by a read of its first byte: a HEAD could not say what is wrong. */
export async function statByRange(
  ask: AskRange,
  answers: RangeAnswers,
  signal: AbortSignal,
): Promise<FileFacts> {
  const { size, version } = await beginning(ask, answers, { length: 1, signal });
  return { size, version };
}

/**
 * Opens a file that is read by HTTP ranges. Reads end at the size that it had then; another version, and an answer that is
 * not the range that was asked for, are refused.
 */
export async function openByRange(
  ask: AskRange,
  answers: RangeAnswers,
  signal: AbortSignal,
): Promise<StoredFile> {
  const { size, version, head } = await beginning(ask, answers, { length: HEAD_BYTES, signal });
  return {
    size,
    version,
    async read(offset, length, readSignal) {
      readSignal.throwIfAborted();
      const end = Math.min(offset + length, size);
      if (end <= offset) return new Uint8Array(new ArrayBuffer(0));
      if (end <= head.length) return ownBytes(head.subarray(offset, end));
      const range = `bytes=${String(offset)}-${String(end - 1)}`;
      const answer = await ask({ range, version, maxBytes: end - offset + FAULT_BYTES }, readSignal);
      if (answer.status === 412 || answer.status === 416) throw replaced();
      if (answer.status >= 400) throw answers.fault(answer);
      const found = rangeOf(answer);
      if (found?.offset !== offset) throw noRange();
      // Not every server heeds the condition.
      const now = answers.version(answer.headers);
      if (
        found.size !== size ||
        (now !== undefined && now !== version) ||
        answer.body.length !== end - offset
      )
        throw replaced();
      return ownBytes(answer.body);
    },
    close: () => Promise.resolve(),
  };
}

/** The fault of a file that is another one than the one that was opened. */
function replaced(): AppError {
  return new AppError('BUSY', 'The file was replaced while it was read.', {
    hint: 'Try again when nobody writes it.',
  });
}

async function beginning(
  ask: AskRange,
  answers: RangeAnswers,
  { length, signal }: { readonly length: number; readonly signal: AbortSignal },
): Promise<FileFacts & { readonly head: Buffer }> {
  const maxBytes = length + FAULT_BYTES;
  let answer = await ask({ range: `bytes=0-${String(length - 1)}`, maxBytes }, signal);
  // An empty file has no first byte.
  if (answer.status === 416) answer = await ask({ maxBytes }, signal);
  if (answer.status >= 300) throw answers.fault(answer);
  const version = answers.version(answer.headers, answer.body);
  const found = rangeOf(answer);
  if (version === undefined)
    throw new AppError('PROTOCOL', 'The store does not tell the version of the file.');
  if (found?.offset !== 0) throw noRange();
  return { size: found.size, version, head: answer.body };
}

/** What the body is of its file; undefined where it does not say so. */
function rangeOf({ status, headers, body }: HttpAnswer): { offset: number; size: number } | undefined {
  if (status === 200) return { offset: 0, size: body.length };
  const [, first, size] =
    /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(headers['content-range'] ?? '') ?? [];
  return status !== 206 || size === undefined ? undefined : { offset: Number(first), size: Number(size) };
}

function noRange(): AppError {
  return new AppError('PROTOCOL', 'The store does not give the range of the file that was asked for.');
}

/** Memory of its own, not a slice of Node's pool or of what is kept: it is moved to another thread. */
function ownBytes(body: Buffer): Uint8Array<ArrayBuffer> {
  const own = new Uint8Array(new ArrayBuffer(body.length));
  own.set(body);
  return own;
}
