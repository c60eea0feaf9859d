import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Observable } from 'rxjs';
import { AppError, type FieldFault } from '../../common/app-error.js';
import { escapePointer } from './json-body.js';

interface Request {
  readonly query?: unknown;
  readonly body?: unknown;
  readonly routeOptions: { readonly url?: string | undefined };
}

interface Reads {
  readonly query: boolean;
  readonly body: boolean;
}

/**
 * Refuses parameters and bodies that a route does not read: a body `{"force": true}` of a DELETE must not look as if it
 * had been understood. Routes that read them are checked by the pipe. The probes take what load balancers append.
 */
@Injectable()
export class UnexpectedInput implements NestInterceptor {
  private readonly known = new WeakMap<object, Reads>();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { query, body, routeOptions } = context.switchToHttp().getRequest<Request>();
    if (routeOptions.url?.startsWith('/api/')) {
      const reads = this.reads(context);
      const faults = [
        ...(reads.query ? [] : namesIn(query).map((name) => fault({ parameter: name.slice(0, 100) }))),
        ...(reads.body ? [] : namesIn(body).map((name) => fault({ pointer: `/${escapePointer(name)}` }))),
      ];
      if (faults.length > 0)
        throw new AppError(
          'VALIDATION_FAILED',
          'The request has something that this operation does not know.',
          {
            errors: faults.slice(0, 100),
          },
        );
    }
    return next.handle();
  }

  private reads(context: ExecutionContext): Reads {
    const handler = context.getHandler();
    const known = this.known.get(handler);
    if (known) return known;
    const parameters = Object.keys(
      (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {}) as object,
    );
    // The keys are `<kind>:<position>`.
    const has = (kind: RouteParamtypes): boolean =>
      parameters.some((key) => key.startsWith(`${String(kind)}:`));
    const reads = { query: has(RouteParamtypes.QUERY), body: has(RouteParamtypes.BODY) };
    this.known.set(handler, reads);
    return reads;
  }
}

function namesIn(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function fault(place: Pick<FieldFault, 'parameter' | 'pointer'>): FieldFault {
  return { ...place, code: 'unknown_field', detail: 'This field is not known.' };
}
