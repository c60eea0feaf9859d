import { createSecretKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { Config } from '../platform/config/config.js';
import type { RoleName } from './permissions.js';

export interface TokenRequest {
  readonly orgId: string;
  readonly userId: string;
  readonly roles: readonly RoleName[];
  /** Life of the token in seconds. */
  readonly ttlS: number;
}

/** Makes tokens for the demo, the command line and tests; real users get theirs from an identity provider. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError UNSUPPORTED where tokens are checked by an issuer's public keys: only it can sign. */
  async issue({ orgId, userId, roles, ttlS }: TokenRequest): Promise<string> {
    const { key, issuer, audience, orgClaim, rolesClaim } = this.config.jwt;
    if (!('secret' in key))
      throw new AppError(
        'UNSUPPORTED',
        'Tokens come from the issuer of JWT_JWKS_URL; none can be made here.',
      );
    const now = Math.floor(this.clock.now().getTime() / 1_000);
    return new SignJWT({ [orgClaim]: orgId, [rolesClaim]: [...roles] })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(userId)
      .setIssuedAt(now)
      .setExpirationTime(now + ttlS)
      .sign(createSecretKey(Buffer.from(key.secret)));
  }
}
