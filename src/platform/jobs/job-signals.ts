import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.service.js';
import { Notifications } from './notifications.service.js';

/** What a signal says of a job: ids alone. */
export interface SignalledJob {
  readonly kind: string;
  readonly refId: string;
}

/** How processes tell each other that there is work, or that work was cancelled. A signal may be lost; it is never the truth. */
export abstract class JobSignals {
  /** Tells of new work once the transaction commits. */
  abstract work(tx: Tx, job: SignalledJob): Promise<void>;
  /** Tells of cancelled work once the transaction commits. */
  abstract cancel(tx: Tx, refId: string): Promise<void>;
  abstract onWork(listener: () => void): void;
  abstract onCancel(listener: (refId: string) => void): void;
}

/** Signals through the product's database: every worker wakes, and one of them gets the job. */
@Injectable()
export class PostgresJobSignals extends JobSignals {
  constructor(private readonly notifications: Notifications) {
    super();
  }

  work(tx: Tx, _job: SignalledJob): Promise<void> {
    return Notifications.send(tx, 'datawave_jobs', '');
  }

  cancel(tx: Tx, refId: string): Promise<void> {
    return Notifications.send(tx, 'datawave_cancelled', refId);
  }

  onWork(listener: () => void): void {
    this.notifications.on('datawave_jobs', listener);
  }

  onCancel(listener: (refId: string) => void): void {
    this.notifications.on('datawave_cancelled', listener);
  }
}
