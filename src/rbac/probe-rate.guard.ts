import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../common/app-error.js';
import { Config } from '../platform/config/config.js';
import { actorOf } from './request-actor.js';

/** All users of an organization together may do as much as so many of them. */
const USERS = 4;
const WINDOW_S = 60;

/**
 * Stands before routes by which a user makes the product dial an address or look up a name: without a bound they would
 * serve to scan a network, or to try passwords on a source. Each process counts for itself.
 */
@Injectable()
export class ProbeRateGuard implements CanActivate {
  private readonly users: RateLimiterMemory;
  private readonly organizations: RateLimiterMemory;

  constructor({ probesPerMinute: points }: Config) {
    this.users = new RateLimiterMemory({ points, duration: WINDOW_S });
    this.organizations = new RateLimiterMemory({ points: points * USERS, duration: WINDOW_S });
  }

  /** @throws AppError RATE_LIMITED with the seconds to wait. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const actor = actorOf(context.switchToHttp().getRequest<object>());
    if (!actor) throw new AppError('UNAUTHENTICATED', 'A valid access token is required.');
    await take(this.users, `${actor.orgId} ${actor.userId}`, 'You have');
    await take(this.organizations, actor.orgId, 'Your organization has');
    return true;
  }
}

async function take(limiter: RateLimiterMemory, key: string, who: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (reason) {
    const { msBeforeNext } = reason as RateLimiterRes;
    throw new AppError('RATE_LIMITED', `${who} tested as many connections as one minute allows.`, {
      retryAfterS: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
    });
  }
}
