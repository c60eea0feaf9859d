import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { DiscoveryRunView } from './dto/run.view.js';
import { RunFeed, type RunEvent } from './run-feed.service.js';
import { isActive } from './schema-discovery.types.js';

/** A comment now and then, so that proxies do not take the line for dead. */
const HEARTBEAT_MS = 15_000;
/** What a browser waits before it comes back. */
const RETRY_MS = 2_000;
/** Streams of one process at a time: each one looks into the database every second. */
const MAX_STREAMS = 500;

/** Runs as Server-Sent Events. */
@Injectable()
export class RunStreams {
  private open = 0;

  constructor(
    private readonly feed: RunFeed,
    metrics: Metrics,
  ) {
    metrics.gauge('datawave_discovery_streams', 'Open streams of discovery runs', () => this.open);
  }

  /**
   * What happens to a run from the event after `after` on, until it has ended, the client has gone or the process stops.
   * `undefined` where it has ended and everything was told before.
   *
   * @throws AppError RATE_LIMITED when too many streams are open.
   */
  async watch(orgId: string, run: DiscoveryRunView, after: number): Promise<Readable | undefined> {
    if (!isActive(run.state) && (await this.feed.read(orgId, run.run_id, after)).length === 0)
      return undefined;
    if (this.open >= MAX_STREAMS)
      throw new AppError('RATE_LIMITED', 'Too many streams are open; ask for the run instead.', {
        retryAfterS: 10,
      });
    this.open += 1;
    const gone = new AbortController();
    // Not made of a generator: one that waits for news cannot be ended from outside.
    const stream = new Readable({
      read: () => undefined,
      destroy: (error, done) => {
        this.open -= 1;
        gone.abort();
        done(error);
      },
    });
    void this.tell(stream, { orgId, runId: run.run_id, after, gone: gone.signal });
    return stream;
  }

  private async tell(
    stream: Readable,
    { orgId, runId, after, gone }: { orgId: string; runId: string; after: number; gone: AbortSignal },
  ): Promise<void> {
    stream.push(`retry: ${String(RETRY_MS)}\n\n`);
    let told = after;
    let spoken = performance.now();
    while (!gone.aborted && !this.feed.stopped) {
      const events = await this.feed.read(orgId, runId, told).catch(() => undefined);
      // The product's database is away: the client comes back with the last id it has.
      if (!events) break;
      for (const event of events) {
        told = event.seq;
        spoken = performance.now();
        stream.push(render(event));
      }
      if (events.some(isLast)) break;
      if (performance.now() - spoken >= HEARTBEAT_MS) {
        spoken = performance.now();
        stream.push(': still here\n\n');
      }
      if (events.length === 0) await this.feed.change(runId, gone);
    }
    stream.push(null);
  }
}

function render({ seq, type, data }: RunEvent): string {
  return `id: ${String(seq)}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function isLast({ type, data }: RunEvent): boolean {
  return type === 'state' && !isActive(data.state as DiscoveryRunView['state']);
}
