import type { AppError } from '../../common/app-error.js';
import { toProblem } from '../../common/problem.js';

interface Reply {
  header(name: string, value: string): Reply;
  status(code: number): Reply;
  send(body: string): unknown;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Answers with a problem document. */
export function sendProblem(
  reply: Reply,
  problem: AppError,
  request: { readonly id: string; readonly url: string },
): void {
  const { retryAfterS } = problem.details;
  if (retryAfterS !== undefined || problem.status === 503)
    reply.header('retry-after', String(retryAfterS ?? 5));
  reply
    .status(problem.status)
    .header('content-type', PROBLEM_TYPE)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(toProblem(problem, { id: request.id, path: pathOf(request.url) })));
}

/** The path without its query, which may hold what a user typed. A signed token in it is cut off. */
function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.replace(/^(\/api\/v1\/files\/).+/, '$1…').slice(0, 300);
}
