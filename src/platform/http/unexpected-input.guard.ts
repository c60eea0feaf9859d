import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { AppError, type FieldFault } from '../../common/app-error.js';
import { escapePointer } from '../../common/json-pointer.js';

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
 * A guard, because interceptors would cost every request more than this check. It runs after those that modules add, so
 * who may not use a route learns nothing about it.
 */
@Injectable()
export class UnexpectedInputGuard implements CanActivate {
  private readonly known = new WeakMap<object, Reads>();

  canActivate(context: ExecutionContext): boolean {
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
    return true;
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
