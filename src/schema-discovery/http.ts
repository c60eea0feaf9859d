import { AppError } from '../common/app-error.js';

/** What controllers need of Fastify's reply. */
export interface Reply {
  header(name: string, value: string): Reply;
  status(code: number): Reply;
}

const MAX_WAIT_S = 30;

/** Seconds of `Prefer: wait=N` (RFC 7240), at most 30; undefined where it is not asked for, or not well. */
export function preferredWait(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), MAX_WAIT_S);
}

/** Whether an `If-None-Match` header names this entity tag; weak and strong tags are compared alike. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag));
}

/** @throws AppError VALIDATION_FAILED where the header is not an id that the stream has given. */
export function lastEventId(header: string | undefined): number {
  if (header === undefined || header === '') return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const detail = 'This must be the id of an event of this stream.';
  throw new AppError('VALIDATION_FAILED', detail, {
    errors: [{ parameter: 'Last-Event-ID', code: 'event_id', detail }],
  });
}
