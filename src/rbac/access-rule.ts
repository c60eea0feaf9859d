import type { Permission } from './permissions.js';

/** What a route asks of its caller. */
export type AccessRule = { readonly public: true } | { readonly permission: Permission };

const ACCESS_RULE = Symbol('access rule');

/** Ties a rule to a handler: the function itself, so that no spelling of a URL can reach another rule. */
export function declareRule(handler: object, rule: AccessRule): void {
  Reflect.defineMetadata(ACCESS_RULE, rule, handler);
}

/** The rule of a handler, if it declares one. A class has none: a new handler never inherits being public. */
export function ruleOf(handler: object): AccessRule | undefined {
  return Reflect.getOwnMetadata(ACCESS_RULE, handler) as AccessRule | undefined;
}
