import { isIP } from 'node:net';
import { v7 as uuid } from 'uuid';
import type { Actor } from '../common/actor.js';

export const AUDIT_RESULTS = ['success', 'failure', 'denied'] as const;

/** What was done, or tried. Names and ids of ours: never the value of a field, never the text of a source. */
export interface AuditEntry {
  /** Such as `data_source.create`. */
  readonly action: string;
  readonly targetType: string;
  readonly targetId?: string;
  readonly result: (typeof AUDIT_RESULTS)[number];
  /** The error code of a failure. */
  readonly code?: string;
  readonly durationMs?: number;
  /** Names of the changed fields. */
  readonly changed?: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The columns of `audit_events` in the order of `auditRow`. */
export const AUDIT_COLUMNS =
  'id, org_id, actor_id, action, target_type, target_id, result, code, duration_ms, request_id, ip, user_agent, changed, details';

/** One row; what a client can set (address, agent, request id) is made one short line of printable text. */
export function auditRow(actor: Actor, entry: AuditEntry): unknown[] {
  return [
    uuid(),
    actor.orgId,
    line(actor.userId, 200),
    entry.action,
    entry.targetType,
    line(entry.targetId, 200),
    entry.result,
    entry.code ?? null,
    entry.durationMs === undefined ? null : Math.round(entry.durationMs),
    line(actor.requestId, 100),
    actor.ip !== undefined && isIP(actor.ip) > 0 ? actor.ip : null,
    line(actor.userAgent, 255),
    entry.changed ?? [],
    entry.details ?? {},
  ];
}

function line(text: string | undefined, max: number): string | null {
  if (text === undefined) return null;
  return text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '\ufffd').slice(0, max);
}
