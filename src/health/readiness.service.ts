import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { withDeadline } from '../common/deadline.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../platform/database/database.service.js';

/** Readiness must answer within 2 s even while the database is frozen. */
const PING_MS = 1_000;

/** Whether this process can serve requests now. */
@Injectable()
export class Readiness implements BeforeApplicationShutdown {
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly credentials: CredentialsService,
  ) {}

  /** From now on the process is not ready: called first at shutdown, so that no new requests are sent to it. */
  stop(): void {
    this.stopping = true;
  }

  /** Whether the process takes its leave. */
  get isStopping(): boolean {
    return this.stopping;
  }

  beforeApplicationShutdown(): void {
    this.stop();
  }

  /** @throws AppError DATABASE_UNAVAILABLE, SECRET_BACKEND_UNAVAILABLE with what is missing. */
  async check(): Promise<void> {
    if (this.stopping)
      throw new AppError('DATABASE_UNAVAILABLE', 'This process is stopping.', { retryAfterS: 5 });
    await this.within(
      () => this.database.ping(),
      'DATABASE_UNAVAILABLE',
      'The product database does not answer.',
    );
    await this.within(
      () => this.credentials.ready(),
      'SECRET_BACKEND_UNAVAILABLE',
      'Stored keys are wrapped by a secret that is not configured: add it to APP_SECRET.',
    );
  }

  private async within(
    ask: () => Promise<boolean>,
    code: 'DATABASE_UNAVAILABLE' | 'SECRET_BACKEND_UNAVAILABLE',
    message: string,
  ): Promise<void> {
    const answer = await withDeadline(PING_MS, undefined, ask).catch(() => undefined);
    if (answer === undefined)
      throw new AppError('DATABASE_UNAVAILABLE', 'The product database does not answer.', { retryAfterS: 2 });
    if (!answer) throw new AppError(code, message, { retryAfterS: 2 });
  }
}
