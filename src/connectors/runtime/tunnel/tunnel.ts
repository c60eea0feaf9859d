import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { withDeadline } from '../../../common/deadline.js';
import { toConnectorError, type Address } from '../../spi/index.js';
import type { SshLine } from './ssh-line.js';
import type { TunnelStep, TunnelTell } from './tunnel-config.js';
import { TunnelStream } from './tunnel-stream.js';

/** Longest opening, jump host and decryption of a key included. */
const OPEN_MS = 20_000;
/** Connections through one tunnel at most. */
const MAX_CHANNELS = 256;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 60_000;
/** A tunnel that lived for so long was a good one: the back-off begins anew. */
const PROVEN_MS = 10_000;

/** A line through all SSH servers of a tunnel, and how its end is reached from the last of them. */
export interface TunnelLine {
  readonly ssh: SshLine;
  /** The address to ask the last SSH server for. @throws AppError EGRESS_DENIED or HOST_UNKNOWN. */
  exit(to: Address, signal: AbortSignal): Promise<Address>;
}

export interface TunnelCounts {
  /** Openings after the first one that worked. */
  reopened: number;
  /** Openings that failed. */
  failed: number;
}

/** An opening that is under way, and who waits for it. */
interface Opening {
  readonly line: Promise<TunnelLine>;
  readonly controller: AbortController;
  readonly listeners: Set<TunnelTell>;
}

type Told = [step: TunnelStep, detail: Parameters<TunnelTell>[1]];

/**
 * One tunnel, shared by all whose settings are equal. It is opened by the first who needs it and again, after a loss, by the
 * next; not sooner than a growing pause after each failure, until which everybody gets the same fault at once: a wrong
 * password is not sent once for each source. When it dies, all connections over it die at once.
 */
export class Tunnel {
  /** On the clock of `performance.now()`. */
  idleSince = performance.now();
  private line: TunnelLine | undefined;
  private opening: Opening | undefined;
  private openings = 0;
  private readonly streams = new Set<TunnelStream>();
  private forwards = 0;
  private told: Told[] = [];
  private fault: AppError | undefined;
  private failures = 0;
  private retryAt = 0;
  private openedAt = 0;

  /** @param counts is counted up. */
  constructor(
    private readonly openLine: (signal: AbortSignal, tell: TunnelTell) => Promise<TunnelLine>,
    private readonly counts: TunnelCounts,
  ) {}

  get state(): 'open' | 'opening' | 'closed' {
    if (this.line) return 'open';
    return this.opening ? 'opening' : 'closed';
  }

  get channels(): number {
    return this.streams.size;
  }

  /** Whether nobody uses it or waits for it. */
  get idle(): boolean {
    return this.streams.size + this.forwards === 0;
  }

  /**
   * Connects to an address beyond the tunnel; nothing where the tunnel alone is wanted.
   *
   * @param tell is told the steps up to `ssh_auth`, also where they were done for somebody else.
   */
  async dial(to: Address, signal: AbortSignal, tell: TunnelTell): Promise<TunnelStream & Socket> {
    if (this.streams.size + this.forwards >= MAX_CHANNELS)
      throw new AppError('BUSY', 'The SSH tunnel carries as many connections as it may.', { retryAfterS: 2 });
    this.forwards++;
    try {
      const line = await this.ready(signal, tell);
      const channel = await line.ssh.forward(await line.exit(to, signal), signal);
      const stream = TunnelStream.over(channel, to);
      // An error without a listener ends the process; whoever uses the stream has listeners of its own.
      stream.on('error', () => undefined);
      this.streams.add(stream);
      stream.once('close', () => this.release(stream));
      return stream;
    } finally {
      this.forwards--;
      this.idleSince = performance.now();
    }
  }

  /** Ends the tunnel and all that goes over it. */
  close(): void {
    if (this.opening) this.leave(this.opening);
    this.line?.ssh.end();
    this.drop(this.line);
  }

  /** The open line; opens it if need be. */
  async ready(signal: AbortSignal, tell: TunnelTell): Promise<TunnelLine> {
    signal.throwIfAborted();
    if (this.line) {
      for (const [step, detail] of this.told) tell(step, { ...detail, shared: true });
      return this.line;
    }
    for (const [step, detail] of this.told) tell(step, detail);
    if (!this.opening && this.fault && performance.now() < this.retryAt) throw this.fault;
    const opening = (this.opening ??= this.start());
    opening.listeners.add(tell);
    try {
      // The opening has a deadline of its own; the signal is that of one who waits.
      return await withDeadline(OPEN_MS * 2, signal, () => opening.line);
    } finally {
      opening.listeners.delete(tell);
      if (opening.listeners.size === 0) this.leave(opening);
    }
  }

  /** Ends an opening that nobody waits for. */
  private leave(opening: Opening): void {
    if (this.opening === opening) this.opening = undefined;
    opening.controller.abort(lost());
  }

  private start(): Opening {
    const controller = new AbortController();
    const listeners = new Set<TunnelTell>();
    this.told = [];
    const tell: TunnelTell = (step, detail) => {
      this.told.push([step, detail]);
      for (const listener of listeners) listener(step, detail);
    };
    const line = withDeadline(
      OPEN_MS,
      controller.signal,
      async (signal) => {
        const late = await this.openLine(signal, tell);
        // Nobody waits for it any more.
        if (signal.aborted) late.ssh.end();
        return late;
      },
      'The SSH server',
    ).then(
      (opened) => this.opened(opened),
      (error: unknown) => {
        const fault = toConnectorError(error, {}, 'UNREACHABLE');
        if (!controller.signal.aborted) {
          this.opening = undefined;
          this.failedWith(fault);
        }
        throw fault;
      },
    );
    line.catch(() => undefined);
    return { line, controller, listeners };
  }

  private opened(line: TunnelLine): TunnelLine {
    this.opening = undefined;
    if (!line.ssh.usable) {
      this.failedWith(lost());
      throw lost();
    }
    this.line = line;
    this.fault = undefined;
    this.openedAt = performance.now();
    if (this.openings++ > 0) this.counts.reopened++;
    line.ssh.onLost(() => this.drop(line));
    return line;
  }

  private failedWith(fault: AppError): void {
    this.counts.failed++;
    this.backOff(fault);
  }

  private backOff(fault: AppError): void {
    this.fault = fault;
    const ms = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.failures++);
    this.retryAt = performance.now() + ms * (0.5 + Math.random() / 2);
  }

  private drop(line: TunnelLine | undefined): void {
    if (!line || this.line !== line) return;
    this.line = undefined;
    this.told = [];
    this.idleSince = performance.now();
    if (performance.now() - this.openedAt >= PROVEN_MS) this.failures = 0;
    else this.backOff(lost());
    for (const stream of this.streams) stream.destroy(lost());
  }

  private release(stream: TunnelStream): void {
    this.streams.delete(stream);
    this.idleSince = performance.now();
  }
}

function lost(): AppError {
  return new AppError('UNREACHABLE', 'The SSH tunnel was lost.', { retryAfterS: 1 });
}
