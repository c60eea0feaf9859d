import { AppError } from '../common/app-error.js';

const MAX_WAIT_S = 30;

/** Seconds of `Prefer: wait=N` (RFC 7240), at most 30; undefined where it is not asked for, or not well. */
export function preferredWait(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), MAX_WAIT_S);
}

/** @throws AppError VALIDATION_FAILED where the header is not an id that the stream has given. */
export function lastEventId(header: string | undefined): number {
  if (header === undefined || header === '') return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const detail = 'This must be the id of an event of this stream.';
  throw AppError.invalidParameter('Last-Event-ID', detail, 'event_id');
}
