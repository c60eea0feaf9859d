import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AppError, type ErrorCode } from '../../common/app-error.js';
import { toProblem } from '../../common/problem.js';
import { toDatabaseError } from '../database/database-error.js';
import { Log } from '../telemetry/log.js';

interface Request {
  readonly id: string;
  readonly url: string;
  readonly method: string;
}

interface Reply {
  readonly sent: boolean;
  header(name: string, value: string): Reply;
  status(code: number): Reply;
  send(body: string): unknown;
}

/** Statuses of the framework's own refusals, and what we call them. */
const BY_STATUS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: ['MALFORMED_REQUEST', 'The request cannot be read: check that the body is valid JSON.'],
  404: ['NOT_FOUND', 'There is no such route.'],
  405: ['METHOD_NOT_ALLOWED', 'This route does not know this method.'],
  413: ['PAYLOAD_TOO_LARGE', 'The body is larger than 1 MiB.'],
  414: ['MALFORMED_REQUEST', 'The URL is too long.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'Send application/json.'],
  431: ['MALFORMED_REQUEST', 'The headers are too large.'],
};

/** Makes a problem document of whatever a request ended with. Only faults of the product itself are logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const reply = host.switchToHttp().getResponse<Reply>();
    const known = toKnown(error);
    const problem =
      known ?? new AppError('INTERNAL', 'The product failed; the request id finds the reason in its log.');
    if (!known || problem.blame === 'internal')
      this.log.fault('http.failed', error, {
        request_id: request.id,
        method: request.method,
        code: problem.code,
      });
    if (reply.sent) return;
    const { retryAfterS } = problem.details;
    if (retryAfterS !== undefined || problem.status === 503)
      reply.header('retry-after', String(retryAfterS ?? 5));
    reply
      .status(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(JSON.stringify(toProblem(problem, { id: request.id, path: pathOf(request.url) })));
  }
}

function toKnown(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  const known = status === undefined ? undefined : BY_STATUS[status];
  if (known) return new AppError(known[0], known[1]);
  const database = toDatabaseError(error);
  return database instanceof AppError ? database : undefined;
}

/** Fastify's own errors carry their status. Its file plugin refuses `..` in a path: to us, no such route. */
function statusOf(error: unknown): number | undefined {
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  if (statusCode === 403 && error instanceof Error && /^Forbidden(Error)?$/.test(error.message)) return 404;
  return typeof statusCode === 'number' && typeof code === 'string' && code.startsWith('FST_')
    ? statusCode
    : undefined;
}

/** The path without its query, which may hold what a user typed. A signed token in it is cut off. */
function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.replace(/^(\/api\/v1\/files\/).+/, '$1…').slice(0, 300);
}
