import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AppError, type ErrorCode } from '../../common/app-error.js';
import { toDatabaseError } from '../database/database-error.js';
import { Log } from '../telemetry/log.js';
import { RouteTable } from './route-table.js';
import { sendProblem } from './send-problem.js';

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
  400: ['MALFORMED_REQUEST', 'The request cannot be read.'],
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
  constructor(
    private readonly log: Log,
    private readonly routes: RouteTable,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const reply = host.switchToHttp().getResponse<Reply>();
    const known = toKnown(error);
    const isNoRoute = error instanceof HttpException && error.getStatus() === 404;
    const allowed = isNoRoute ? this.routes.methodsOf(request.url.split('?', 1)[0] ?? '') : [];
    const problem =
      (allowed.length > 0
        ? new AppError('METHOD_NOT_ALLOWED', 'This route does not know this method.')
        : known) ??
      new AppError('INTERNAL', 'The product failed; the request id finds the reason in its log.');
    if (!known || problem.blame === 'internal')
      this.log.fault('http.failed', error, {
        request_id: request.id,
        method: request.method,
        code: problem.code,
      });
    if (reply.sent) return;
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    sendProblem(reply, problem, request);
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
