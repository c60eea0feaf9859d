/** Estimates move with every ANALYZE; they are written again only when a reader would notice. */
const NOTICEABLE = 0.1;

/** Whether an estimate of rows or bytes moved by more than a tenth, or came or went. */
export function movedNoticeably(stored: number | null, found: number | null): boolean {
  if (stored === null || found === null) return stored !== found;
  return Math.abs(found - stored) > NOTICEABLE * Math.max(stored, found);
}
