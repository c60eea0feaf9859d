import { randomUUID } from 'node:crypto';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PublicUrl } from '../config/public-url.js';
import { HttpMetrics } from '../telemetry/http-metrics.js';
import { Log } from '../telemetry/log.js';
import { parseJsonBody } from './json-body.js';
import type { RouteTable } from './route-table.js';
import { securityHeaders } from './security-headers.js';
import { refuseConnection, refuseUrl } from './unread-requests.js';

const BODY_LIMIT = 1_048_576;
const REQUEST_ID = /^[\w.-]{1,64}$/;

/** What the parser and the hooks need of Fastify; its own generics do not fit Nest's instance. */
interface Reply {
  readonly statusCode: number;
  readonly elapsedTime: number;
  header(name: string, value: string): unknown;
  headers(values: Readonly<Record<string, string>>): Reply;
  getHeader(name: string): unknown;
}
interface Request {
  readonly id: string;
  readonly method: string;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** Fastify as this product runs it. */
export function httpAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 1_000 },
    trustProxy: false,
    // Idle keep-alive connections must not hold a stop; busy ones finish.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    requestIdHeader: false,
    frameworkErrors: refuseUrl,
    clientErrorHandler: refuseConnection,
    genReqId: (request: { headers: Record<string, unknown> }) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
}

/** Body parsers, security headers, request ids and the request log. `routes` learns the routes that follow. */
export function prepareServer(
  app: NestFastifyApplication,
  routes: RouteTable,
  stopping: () => boolean,
): void {
  const log = app.get(Log);
  const metrics = app.get(HttpMetrics);
  const server = app.getHttpAdapter().getInstance();
  server.removeContentTypeParser('text/plain');
  for (const type of ['application/json', 'application/merge-patch+json'])
    server.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => {
      try {
        done(null, parseJsonBody(String(body)));
      } catch (error) {
        done(error as Error, undefined);
      }
    });
  server.addHook('onRoute', (route) => routes.add(route));
  const headers = securityHeaders();
  server.addHook('onRequest', (request: Request, reply: Reply, done: () => void) => {
    reply.headers(headers).header('x-request-id', request.id);
    done();
  });
  // With the answer, not with the request: a stop may have begun in between.
  server.addHook('onSend', (_request: Request, reply: Reply, _body: unknown, done: () => void) => {
    if (stopping()) reply.header('connection', 'close');
    done();
  });
  // Controllers name paths of the API; behind a proxy that serves it under a path, clients need that too.
  const { path } = app.get(PublicUrl);
  if (path !== '')
    server.addHook('onSend', (_request: Request, reply: Reply, _body: unknown, done: () => void) => {
      for (const name of ['location', 'link']) {
        const value = reply.getHeader(name);
        if (typeof value === 'string') reply.header(name, value.replace(/^<?(?=\/)/, `$&${path}`));
      }
      done();
    });
  // A connection that was busy when the stop began, such as a stream, becomes idle later and would hold the stop.
  server.addHook('preClose', (done: () => void) => {
    const sweep = setInterval(() => server.server.closeIdleConnections(), 100);
    server.server.once('close', () => clearInterval(sweep));
    done();
  });
  server.addHook('onResponse', (request: Request, reply: Reply, done: () => void) => {
    const { method } = request;
    const route = request.routeOptions.url;
    metrics.observe({ method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1_000 });
    const read = method === 'GET' && reply.statusCode < 400;
    log.event(read ? 'debug' : 'info', 'http.request', {
      request_id: request.id,
      method,
      // The route, not the URL: a URL may hold a signed token or what a user typed.
      route: route ?? null,
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 10) / 10,
    });
    done();
  });
}
