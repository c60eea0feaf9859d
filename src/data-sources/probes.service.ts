import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import { Prober, type ProbeScope } from '../connectors/runtime/prober.service.js';
import type { TestResult } from '../connectors/runtime/test-result.js';
import { joinSecrets, valueAt } from '../connectors/spi/index.js';
import { applyPatch, takeApart } from './connection.policy.js';
import type { DataSourceRow } from './data-sources.store.js';
import { POOL_DEFAULTS, type SourceRef, type Verdict } from './data-sources.types.js';
import type { TestUnsaved } from './dto/requests.dto.js';
import { SessionsService } from './sessions.service.js';
import { SourceCache } from './source-cache.service.js';
import { withPool } from './source-input.js';

/** Longest wait for a connection in a test that a person looks at. */
const TEST_CONNECT_MS = 5_000;

export interface ProbeOptions {
  /** A ping over a pooled session is enough where it works. */
  readonly quick?: boolean;
  readonly signal?: AbortSignal;
}

/** Tests of saved and unsaved sources, all through the one layered prober. */
@Injectable()
export class ProbesService {
  constructor(
    private readonly cache: SourceCache,
    private readonly sessions: SessionsService,
    private readonly registry: ConnectorRegistry,
    private readonly prober: Prober,
  ) {}

  /** Tests a saved source as it is. Rejects only where the source is not there or the product itself is at fault. */
  async run(ref: SourceRef, { quick = false, signal = never() }: ProbeOptions = {}): Promise<TestResult> {
    const row = await this.cache.row(ref);
    if (quick) {
      const result = await this.ping(row, ref, signal);
      if (result) return result;
    }
    return this.probe(row, signal);
  }

  /** Tests a saved source with a merge patch over its connection; nothing is stored. */
  async runWith(ref: SourceRef, patch: Record<string, unknown>, scope?: ProbeScope): Promise<TestResult> {
    const row = await this.cache.row(ref);
    const definition = this.registry.get(row.type);
    const next = applyPatch(definition, row, patch);
    const stored = next.kept.length > 0 ? (await this.sessions.target(row)).config : {};
    const config = joinSecrets(joinSecrets(next.open, pick(stored, next.kept)), next.secrets);
    const target = { orgId: ref.orgId, definition, config, pool: forTest(row.pool) };
    return this.prober.probe(target, never(), scope);
  }

  /** Tests a connection that is not saved. */
  async runUnsaved(actor: Actor, { connection, pool, scope }: TestUnsaved): Promise<TestResult> {
    const definition = this.registry.get(connection.type);
    const { open, secrets } = takeApart(definition, connection);
    const settings = forTest(withPool(POOL_DEFAULTS, pool));
    const config = joinSecrets(open, secrets);
    return this.prober.probe({ orgId: actor.orgId, definition, config, pool: settings }, never(), scope);
  }

  private async probe(row: DataSourceRow, signal: AbortSignal): Promise<TestResult> {
    try {
      const target = await this.sessions.target(row);
      return await this.prober.probe({ ...target, pool: forTest(row.pool) }, signal);
    } catch (error) {
      if (error instanceof AppError && error.code === 'CREDENTIALS_REENTRY_REQUIRED')
        return secretFault(error);
      if (error instanceof AppError && error.code === 'SECRET_BACKEND_UNAVAILABLE') return secretFault(error);
      throw error;
    }
  }

  /** The result of a ping that worked; undefined where the layers must be looked at one by one. */
  private async ping(
    row: DataSourceRow,
    ref: SourceRef,
    signal: AbortSignal,
  ): Promise<TestResult | undefined> {
    const from = performance.now();
    const at = new Date().toISOString();
    try {
      const server = await this.sessions.withSession(
        ref,
        [],
        async (session, inner) => {
          await session.ping(inner);
          return session.server;
        },
        { deadlineMs: row.health.timeout_ms, signal },
      );
      const ms = Math.round((performance.now() - from) * 10) / 10;
      return {
        // Nobody stores or orders pings, and this id costs a tenth of a v7.
        run_id: randomUUID(),
        outcome: 'ok',
        duration_ms: ms,
        server,
        user_action: false,
        retryable: false,
        steps: [{ name: 'probe', mandatory: true, status: 'passed', started_at: at, duration_ms: ms }],
        capabilities: {},
      };
    } catch (error) {
      if (error instanceof AppError && (error.code === 'NOT_FOUND' || error.code === 'SOURCE_PAUSED'))
        throw error;
      signal.throwIfAborted();
      return undefined;
    }
  }
}

/** What a test says about the status of its source; nothing where it says more about the product than about the source. */
export function verdictOf(result: TestResult): Verdict | undefined {
  if (result.outcome === 'ok' || result.outcome === 'degraded') return { outcome: 'healthy' };
  const failed = result.steps.find(({ status }) => status === 'failed');
  const about = {
    ...(failed?.code ? { code: failed.code } : {}),
    ...(failed?.message === undefined ? {} : { message: failed.message }),
  };
  if (result.user_action || result.outcome === 'not_permitted' || result.outcome === 'unsupported')
    return { outcome: 'misconfigured', ...about };
  return result.outcome === 'inconclusive' ? undefined : { outcome: 'unreachable', ...about };
}

function forTest<P extends { readonly connect_timeout_ms: number }>(pool: P): P {
  return { ...pool, connect_timeout_ms: Math.min(pool.connect_timeout_ms, TEST_CONNECT_MS) };
}

function pick(config: Record<string, unknown>, fields: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const field of fields) {
    const value = valueAt(config, field);
    if (typeof value === 'string') found[field] = value;
  }
  return found;
}

function secretFault({ code, message, details }: AppError): TestResult {
  const remedy = {
    text: details.hint ?? 'Send all secrets again.',
    docs_url: `/docs/problems#${code.toLowerCase()}`,
  };
  const step = {
    mandatory: true,
    status: 'failed' as const,
    started_at: new Date().toISOString(),
    duration_ms: 0,
  };
  return {
    run_id: uuid(),
    outcome: code === 'CREDENTIALS_REENTRY_REQUIRED' ? 'failed' : 'inconclusive',
    duration_ms: 0,
    failed_at: 'secret',
    user_action: code === 'CREDENTIALS_REENTRY_REQUIRED',
    retryable: code !== 'CREDENTIALS_REENTRY_REQUIRED',
    steps: [{ name: 'secret', ...step, code, message, remedy }],
    capabilities: {},
  };
}

/** A signal that never aborts. */
function never(): AbortSignal {
  return new AbortController().signal;
}
