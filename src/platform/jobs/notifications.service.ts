import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';
import type { Tx } from '../database/database.service.js';
import { Log } from '../telemetry/log.js';

type Listener = (payload: string) => void;

/** Longest pause between two tries to listen again. */
const MAX_BACKOFF_MS = 5_000;

/**
 * Words between processes through PostgreSQL's LISTEN and NOTIFY: a hint to look now. A hint may be lost (a broken
 * line, a pooler in transaction mode), so whoever waits for one also looks by the clock. When the line
 * is lost and when it is back every listener is called with an empty payload.
 */
@Injectable()
export class Notifications implements OnModuleInit, OnApplicationShutdown {
  private readonly listeners = new Map<string, Set<Listener>>();
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private backoffMs = 250;
  private stopped = false;
  /** The newest try to connect. */
  private trying: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.trying = this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    // A connection that is on its way would stay open, and the process with it.
    await this.trying;
    await this.client?.end().catch(() => undefined);
  }

  /** Whether hints arrive now. */
  get connected(): boolean {
    return this.client !== undefined;
  }

  /** Sends a hint that goes out when the transaction commits. */
  static async send(tx: Tx, channel: string, payload: string): Promise<void> {
    await tx.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  /** Calls `listener` for each hint; the returned function ends that. */
  on(channel: string, listener: Listener): () => void {
    let set = this.listeners.get(channel);
    if (!set) {
      this.listeners.set(channel, (set = new Set()));
      this.client?.query(`LISTEN ${channel}`).catch(() => undefined);
    }
    set.add(listener);
    return () => set.delete(listener);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.config.databaseUrl,
      application_name: 'datawave-notifications',
      connectionTimeoutMillis: 2_000,
      keepAlive: true,
    });
    const lost = (): void => {
      if (this.client !== client && this.client !== undefined) return;
      const wasConnected = this.client === client;
      this.client = undefined;
      client.removeAllListeners('notification');
      if (wasConnected) this.tellAll();
      void client.end().catch(() => undefined);
      this.later();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ channel, payload }) =>
      this.listeners.get(channel)?.forEach((call) => call(payload ?? '')),
    );
    try {
      await client.connect();
      if (await isPooled(client)) {
        this.pooled(client);
        return;
      }
      for (const channel of this.listeners.keys()) await client.query(`LISTEN ${channel}`);
      this.client = client;
      this.backoffMs = 250;
      this.tellAll();
    } catch {
      lost();
    }
  }

  /** A pooler hands no notification on: to wait for one would be to wait for ever. */
  private pooled(client: pg.Client): void {
    this.log.event('warn', 'notifications.pooled', {
      message:
        'DATABASE_URL leads through a pooler: processes hear of each other by the clock alone, and nothing is cached. Give a direct address.',
    });
    client.removeAllListeners('end');
    void client.end().catch(() => undefined);
  }

  private tellAll(): void {
    this.listeners.forEach((set) => set.forEach((call) => call('')));
  }

  private later(): void {
    if (this.stopped) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      this.trying = this.connect();
    }, this.backoffMs);
    this.backoffMs = Math.min(this.backoffMs * 2, MAX_BACKOFF_MS);
  }
}

/** A pooler tells another process id at the login than that of the server behind it. */
async function isPooled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid !== (client as unknown as { processID: number | null }).processID;
}
