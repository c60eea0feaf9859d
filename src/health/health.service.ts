import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { decodeCursor, encodeCursor } from '../common/page.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import type { HealthHistoryView, HealthQuery, HealthView } from './health.dto.js';
import { coveredBy } from './health.policy.js';
import {
  readBuckets,
  readChecks,
  readCodes,
  readNextCheck,
  readState,
  readWindows,
  type StateFacts,
} from './health-reader.js';
import { bucketView, checkView, latencyView, stateOf, uptimeView, windowLengthMs } from './health.view.js';
import type { WindowName, WindowSums } from './health.types.js';
import { recommend } from './recommendations.policy.js';
import { scoreOf, type Windows } from './score.policy.js';

/** As long as rows are kept, in milliseconds. */
const KEPT_MS = { raw: 48 * 3_600_000, hour: 35 * 86_400_000, day: 35 * 86_400_000 } as const;

/** Answers how well a source serves. */
@Injectable()
export class HealthService {
  constructor(
    private readonly database: Database,
    private readonly sources: DataSourcesService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError NOT_FOUND, VALIDATION_FAILED for a cursor that is not ours or a filter that does not fit. */
  async get({ orgId }: Actor, id: string, query: HealthQuery): Promise<HealthView> {
    const facts = await this.sources.facts(orgId, id);
    const key = [orgId, id] as const;
    const now = this.clock.now().getTime();
    const stretch = stretchOf(query, now);
    return this.database.inOrg(orgId, async (tx) => {
      const state = await readState(tx, key);
      const windows = withTail(await readWindows(tx, key), state, now);
      const checked = stateOf(facts);
      const runs = checked === 'healthy' || checked === 'unreachable' || checked === 'unknown';
      const nextCheck = runs ? await readNextCheck(tx, key) : undefined;
      const score = scoreOf(windows, state?.verdict);
      const last = state && { code: state.last_code ?? undefined, message: state.last_message ?? undefined };
      const findings = { state: checked, windows, score, settings: facts.health };
      const codes = await readCodes(tx, key);
      const uptime = (name: WindowName) => uptimeView(windows[name], windowLengthMs(name, now));
      return {
        data_source_id: id,
        state: checked,
        status: facts.status,
        needs_user_action: facts.reason.user_action,
        since: facts.reason.since,
        last_check: state ? lastCheck(state) : null,
        last_ok_at: state?.last_ok_at?.toISOString() ?? null,
        next_check_at: nextCheck?.toISOString() ?? null,
        score: { value: score.value, parts: [...score.parts] },
        uptime: { h24: uptime('h24'), d7: uptime('d7'), d30: uptime('d30') },
        latency: {
          h24: latencyView(windows.h24),
          d7: latencyView(windows.d7),
          d30: latencyView(windows.d30),
        },
        history: await readHistory(tx, key, query, { ...stretch, now }),
        recommendations: recommend({ ...findings, codes, ...(last ? { last } : {}) }),
      };
    });
  }
}

function lastCheck(state: StateFacts): HealthView['last_check'] {
  return {
    at: state.last_check_at.toISOString(),
    outcome: state.last_outcome,
    code: state.last_code,
    message: state.last_message,
    duration_ms: state.last_duration_ms,
  };
}

async function readHistory(
  tx: Tx,
  key: readonly [string, string],
  { bucket, outcome, limit }: HealthQuery,
  { from, to, now }: { readonly from: number; readonly to: number; readonly now: number },
): Promise<HealthHistoryView> {
  const stretch = { from, to, limit: limit + 1 };
  if (bucket === 'raw') {
    const rows = await readChecks(tx, key, stretch, outcome);
    return page(bucket, rows.map(checkView), limit, rows[limit - 1]?.at);
  }
  const rows = await readBuckets(tx, key, bucket, stretch);
  const items = rows.map((row) => bucketView(row, bucket, now));
  return page(bucket, items, limit, rows[limit - 1]?.from);
}

function page<T>(
  bucket: HealthHistoryView['bucket'],
  items: readonly T[],
  limit: number,
  last: Date | undefined,
): Omit<HealthHistoryView, 'items'> & { items: T[] } {
  const more = items.length > limit;
  return {
    bucket,
    items: items.slice(0, limit),
    next_cursor: more && last ? encodeCursor([last.getTime()]) : null,
    has_more: more,
  };
}

function stretchOf({ bucket, outcome, from, to, cursor }: HealthQuery, now: number) {
  if (outcome !== undefined && bucket !== 'raw') throw refused('outcome', 'This goes with bucket=raw only.');
  const begin = from === undefined ? now - KEPT_MS[bucket] : Date.parse(from);
  const end = to === undefined ? now + 1 : Date.parse(to);
  if (begin >= end) throw refused('from', 'This must be before `to`.');
  if (cursor === undefined) return { from: begin, to: end };
  const [before] = decodeCursor(cursor, 1);
  if (typeof before !== 'number' || Math.abs(before) > 8e15)
    throw refused('cursor', 'This cursor is not valid; start again without one.');
  return { from: begin, to: Math.min(end, before) };
}

function refused(parameter: string, detail: string): AppError {
  return new AppError('VALIDATION_FAILED', detail, { errors: [{ parameter, code: 'invalid', detail }] });
}

/** The windows with the time since the last check, which no hour holds yet. */
function withTail(windows: Windows, state: StateFacts | undefined, now: number): Windows {
  if (!state) return windows;
  const tail = coveredBy(
    {
      lastCheckAt: state.last_check_at.getTime(),
      lastOutcome: state.last_outcome,
      coversMs: state.covers_ms,
    },
    now,
  );
  const add = (sums: WindowSums): WindowSums => ({
    ...sums,
    upMs: sums.upMs + tail.upMs,
    downMs: sums.downMs + tail.downMs,
  });
  return { h24: add(windows.h24), d7: add(windows.d7), d30: add(windows.d30) };
}
