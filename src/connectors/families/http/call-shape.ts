/** Words that interfaces use for themselves; every other segment may name or hold what is the customer's. */
const WORD = /^(?:_[a-z_]{1,30}|v\d{1,2})$/;

/** Method and path of a call without what is the customer's: `GET /_cat/?`. The query never shows. */
export function shapeOfCall(method: string, path: string): string {
  const end = path.search(/[?#]/);
  const segments = (end < 0 ? path : path.slice(0, end)).slice(1).split('/');
  return `${method} /${segments.map((segment) => (segment === '' || WORD.test(segment) ? segment : '{}')).join('/')}`;
}
