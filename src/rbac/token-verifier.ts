import { createSecretKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { Config } from '../platform/config/config.js';
import { identityOf, type Identity } from './token-claims.js';

/** One family or the other, fixed by the kind of key: a public key can never serve as an HS256 secret. */
const SHARED_SECRET_ALGORITHMS = ['HS256'];
const PUBLIC_KEY_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

const MAX_TOKEN_CHARS = 8_192;
const CLOCK_TOLERANCE_S = 5;
const JWKS = { timeoutDuration: 3_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };
const CACHE_SIZE = 1_000;
/** A key that its issuer has withdrawn is believed no longer than this. */
const CACHE_MS = 60_000;
/** jose's codes for keys that could not be fetched, as against a token that is not good. */
const NO_KEYS = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

interface Remembered {
  readonly identity: Identity;
  readonly until: number;
}

/** Checks access tokens: signature, algorithm, issuer, audience, times, and the claims that name the caller. */
@Injectable()
export class TokenVerifier {
  private readonly verify: (token: string, options: JWTVerifyOptions) => Promise<JWTPayload>;
  private readonly remoteKeys: boolean;
  /** Tokens whose signature is known to be good, in the order of their last use. */
  private readonly remembered = new Map<string, Remembered>();

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    const { key } = config.jwt;
    this.remoteKeys = 'jwksUrl' in key;
    if ('jwksUrl' in key) {
      const keys = createRemoteJWKSet(new URL(key.jwksUrl), JWKS);
      this.verify = async (token, options) =>
        (await jwtVerify(token, keys, { ...options, algorithms: PUBLIC_KEY_ALGORITHMS })).payload;
    } else {
      const secret = createSecretKey(Buffer.from(key.secret));
      this.verify = async (token, options) =>
        (await jwtVerify(token, secret, { ...options, algorithms: SHARED_SECRET_ALGORITHMS })).payload;
    }
  }

  /**
   * The identity that a token proves; undefined where it proves none, whatever the reason.
   *
   * @throws AppError IDENTITY_PROVIDER_UNAVAILABLE where the keys of the issuer cannot be fetched.
   */
  async identify(token: string): Promise<Identity | undefined> {
    if (token.length > MAX_TOKEN_CHARS) return undefined;
    const now = this.clock.now();
    const known = this.recall(token, now.getTime());
    if (known) return known;
    const claims = await this.claims(token, now);
    const identity = claims && identityOf(claims, this.config.jwt);
    if (identity) this.remember(token, identity, claims, now.getTime());
    return identity;
  }

  private async claims(token: string, now: Date): Promise<JWTPayload | undefined> {
    try {
      return await this.verify(token, {
        issuer: this.config.jwt.issuer,
        audience: this.config.jwt.audience,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'sub'],
        currentDate: now,
      });
    } catch (error) {
      if (this.remoteKeys && !(error instanceof errors.JOSEError && !NO_KEYS.has(error.code)))
        throw new AppError(
          'IDENTITY_PROVIDER_UNAVAILABLE',
          'Tokens cannot be checked for now: the keys of their issuer cannot be fetched.',
          { retryAfterS: 5 },
        );
      return undefined;
    }
  }

  private recall(token: string, now: number): Identity | undefined {
    const entry = this.remembered.get(token);
    if (!entry) return undefined;
    this.remembered.delete(token);
    if (now >= entry.until) return undefined;
    this.remembered.set(token, entry);
    return entry.identity;
  }

  private remember(token: string, identity: Identity, claims: JWTPayload, now: number): void {
    const expiry = ((claims.exp ?? 0) + CLOCK_TOLERANCE_S) * 1_000;
    this.remembered.set(token, { identity, until: Math.min(expiry, now + CACHE_MS) });
    if (this.remembered.size <= CACHE_SIZE) return;
    for (const oldest of this.remembered.keys()) {
      this.remembered.delete(oldest);
      return;
    }
  }
}
