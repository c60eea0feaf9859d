import { AppError } from '../../../common/app-error.js';
import { SilenceWatch, type Meter } from '../../spi/index.js';

/** Of a login, a ping, a setting. */
export const SHORT_ANSWER_BYTES = 1_000_000;

/**
 * The answers that a line owes, for drivers that may forget a caller when their line is lost: all of them are refused
 * then, with the reason why it was lost and not with what the driver makes of a lost line.
 */
export class PendingAnswers {
  private fault: Error | undefined;
  private readonly waiting = new Set<(fault: Error) => void>();
  private readonly silence: SilenceWatch;

  /**
   * @param silenceMs without a byte after which the line counts as frozen.
   * @param drop destroys the socket.
   */
  constructor(
    private readonly meter: Meter,
    silenceMs: number,
    private readonly drop: (fault: Error) => void,
  ) {
    this.silence = new SilenceWatch(meter, silenceMs, (fault) => this.end(fault));
  }

  /** Why the line is lost; undefined while it lives. The first reason counts. */
  get lost(): Error | undefined {
    return this.fault;
  }

  /** The line is gone. */
  lose(fault: Error): void {
    this.fault ??= fault;
    for (const refuse of this.waiting) refuse(this.fault);
  }

  /** Ends the line, at once. */
  end(fault: AppError): void {
    this.lose(fault);
    this.drop(fault);
  }

  /**
   * Waits for one answer of at most `bytes` bytes.
   *
   * @throws the reason of a lost line, else what `ask` rejects with.
   */
  async of<T>(ask: () => Promise<T>, bytes = SHORT_ANSWER_BYTES): Promise<T> {
    if (this.fault !== undefined) throw this.fault;
    this.meter.limit = bytes;
    this.silence.begin();
    let forget = (): void => undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.waiting.add(reject);
        forget = () => this.waiting.delete(reject);
        ask().then(resolve, reject);
      });
    } catch (error) {
      throw this.lost ?? error;
    } finally {
      forget();
      this.silence.end();
    }
  }
}
