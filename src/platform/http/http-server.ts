import helmet from '@fastify/helmet';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { v7 as uuid } from 'uuid';
import { AppError } from '../../common/app-error.js';
import { HttpMetrics } from '../telemetry/http-metrics.js';
import { Log } from '../telemetry/log.js';

const BODY_LIMIT = 1_048_576;
const REQUEST_ID = /^[\w.-]{1,64}$/;

/** What the parser and the hooks need of Fastify; its own generics do not fit Nest's instance. */
interface Reply {
  readonly statusCode: number;
  readonly elapsedTime: number;
  header(name: string, value: string): unknown;
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
    genReqId: (request: { headers: Record<string, unknown> }) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : uuid();
    },
  });
}

/** Body parsers, security headers, request ids and the request log. */
export async function prepareServer(app: NestFastifyApplication, stopping: () => boolean): Promise<void> {
  const log = app.get(Log);
  const metrics = app.get(HttpMetrics);
  const server = app.getHttpAdapter().getInstance();
  const parse = server.getDefaultJsonParser('error', 'error');
  for (const type of ['application/json', 'application/merge-patch+json'])
    server.addContentTypeParser(type, { parseAs: 'string' }, (request, body, done) => {
      const text = String(body);
      if (text === '') {
        done(null, undefined);
        return;
      }
      // Such a key would vanish on the way to the validation, and nothing may vanish in silence.
      if (/"constructor"\s*:/.test(text)) {
        done(
          new AppError('MALFORMED_REQUEST', 'A field name in the body is not allowed: constructor.'),
          undefined,
        );
        return;
      }
      return parse(request, text, done);
    });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        objectSrc: ["'none'"],
      },
    },
    strictTransportSecurity: false,
  });
  server.addHook('onRequest', (request: Request, reply: Reply, done: () => void) => {
    reply.header('x-request-id', request.id);
    done();
  });
  // With the answer, not with the request: a stop may have begun in between.
  server.addHook('onSend', (_request: Request, reply: Reply, _body: unknown, done: () => void) => {
    if (stopping()) reply.header('connection', 'close');
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
