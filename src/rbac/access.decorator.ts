import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { declareRule, type AccessRule } from './access-rule.js';
import type { Permission } from './permissions.js';
import { actorOf } from './request-actor.js';

function rule(value: AccessRule): MethodDecorator {
  return (_target, _key, descriptor) => {
    declareRule(descriptor.value as object, value);
  };
}

/** The route needs a token whose roles hold the permission; OpenAPI shows it as `x-permission`. */
export function RequirePermission(permission: Permission): MethodDecorator {
  return applyDecorators(rule({ permission }), ApiBearerAuth(), ApiExtension('x-permission', permission));
}

/** The route needs no token. On one handler at a time, never on a class. */
export function Public(): MethodDecorator {
  return rule({ public: true });
}

/** The actor of the request. Use it on routes with `@RequirePermission` alone: a public route has no actor. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const actor = actorOf(context.switchToHttp().getRequest<object>());
  if (!actor) throw new AppError('UNAUTHENTICATED', 'A valid access token is required.');
  return actor;
});
