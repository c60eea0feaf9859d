import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';
import type { Tx } from '../database/database.service.js';

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

  constructor(private readonly config: Config) {}

  onModuleInit(): void {
    void this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
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
      for (const channel of this.listeners.keys()) await client.query(`LISTEN ${channel}`);
      this.client = client;
      this.backoffMs = 250;
      this.tellAll();
    } catch {
      lost();
    }
  }

  private tellAll(): void {
    this.listeners.forEach((set) => set.forEach((call) => call('')));
  }

  private later(): void {
    if (this.stopped) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.connect(), this.backoffMs);
    this.backoffMs = Math.min(this.backoffMs * 2, MAX_BACKOFF_MS);
  }
}
