import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { v7 as uuid } from 'uuid';
import { AppError } from '../../common/app-error.js';
import { toProblem } from '../../common/problem.js';
import { PROBLEM_TYPE } from './send-problem.js';

/** Answers requests that Fastify refuses before any route or hook has seen them: a path that cannot be decoded. */
export function refuseUrl(
  error: { readonly code?: string },
  request: { readonly id: string },
  reply: { readonly raw: ServerResponse; hijack(): unknown },
): void {
  const isLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const { headers, body } = refusal(
    isLong ? 'A part of the path is too long.' : 'The path is not a valid URL.',
    request.id,
  );
  reply.hijack();
  reply.raw.writeHead(400, headers).end(body);
}

const DETAILS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The headers are too large.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not arrive in time.',
};

/** Answers what is not even HTTP, and ends the connection. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { headers, body } = refusal(DETAILS[error.code ?? ''] ?? 'This is not a valid HTTP request.', uuid());
  const lines = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  if (socket.writable) socket.write(`HTTP/1.1 400 Bad Request\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** The path is not repeated: it is what could not be read. */
function refusal(detail: string, id: string): { headers: Record<string, string>; body: string } {
  const body = JSON.stringify(toProblem(new AppError('MALFORMED_REQUEST', detail), { id, path: '/' }));
  const headers = {
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': id,
  };
  return { headers, body };
}
