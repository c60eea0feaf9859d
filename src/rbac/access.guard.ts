import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { ruleOf } from './access-rule.js';
import { Access } from './access.service.js';
import { setActor } from './request-actor.js';
import { TokenVerifier } from './token-verifier.js';

/** What is needed of Fastify's request and reply. */
interface HttpRequest {
  readonly id: string;
  readonly ip: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
interface HttpReply {
  header(name: string, value: string): unknown;
}

const BEARER = /^bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;
const CHALLENGE = 'Bearer realm="datawave"';

/**
 * Stands before every route: who calls comes from a verified token alone, what the call needs from the handler's own
 * declaration. A handler without one is refused.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly tokens: TokenVerifier,
    private readonly access: Access,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = ruleOf(context.getHandler());
    if (rule && 'public' in rule) return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const reply = context.switchToHttp().getResponse<HttpReply>();
    const actor = await this.authenticate(request, reply);
    if (!rule) throw new AppError('FORBIDDEN', 'Nobody may use this route: it declares no permission.');
    setActor(request, actor);
    if (!this.access.allows(actor, rule.permission))
      reply.header(
        'www-authenticate',
        `${CHALLENGE}, error="insufficient_scope", scope="${rule.permission}"`,
      );
    await this.access.require(
      actor,
      rule.permission,
      `${context.getClass().name}.${context.getHandler().name}`,
    );
    return true;
  }

  private async authenticate(request: HttpRequest, reply: HttpReply): Promise<Actor> {
    const { authorization, 'user-agent': userAgent } = request.headers;
    const token = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
    const identity = token === undefined ? undefined : await this.tokens.identify(token);
    if (!identity) {
      reply.header(
        'www-authenticate',
        authorization === undefined ? CHALLENGE : `${CHALLENGE}, error="invalid_token"`,
      );
      throw new AppError('UNAUTHENTICATED', 'A valid access token is required.', {
        hint: 'Send the header Authorization: Bearer <access_token>.',
      });
    }
    return {
      ...identity,
      requestId: request.id,
      ip: request.ip,
      ...(typeof userAgent === 'string' ? { userAgent } : {}),
    };
  }
}
