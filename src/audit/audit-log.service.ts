import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { decodeCursor, encodeCursor, invalidCursor } from '../common/page.js';
import { Database } from '../platform/database/database.service.js';
import { AuditEventPage, AuditEventQuery, AuditEventView } from './audit.dto.js';

/** The query's fields that are compared, by the condition that each becomes. */
const CONDITIONS = {
  actor: 'actor_id =',
  action: 'action =',
  target_id: 'target_id =',
  result: 'result =',
  from: 'occurred_at >=',
  to: 'occurred_at <',
} as const satisfies Partial<Record<keyof AuditEventQuery, string>>;

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads the audit events of an organization. */
@Injectable()
export class AuditLog {
  constructor(private readonly database: Database) {}

  /** Newest first, in pages that stay right while events are added. */
  async list(orgId: string, query: AuditEventQuery): Promise<AuditEventPage> {
    const params: unknown[] = [orgId];
    const place = (value: unknown): string => `$${String(params.push(value))}`;
    const where = ['org_id = $1'];
    for (const [name, condition] of Object.entries(CONDITIONS)) {
      const value = query[name as keyof typeof CONDITIONS];
      if (value === undefined) continue;
      const isMoment = name === 'from' || name === 'to';
      const compared = isMoment ? toMoment(value) : value;
      if (compared === undefined)
        throw AppError.invalidParameter(name, 'This is no moment of the calendar.', name);
      where.push(`${condition} ${place(compared)}`);
    }
    if (query.cursor !== undefined) {
      const [at, id] = startOf(query.cursor);
      where.push(`(occurred_at, id) < (${place(at)}::timestamptz, ${place(id)}::uuid)`);
    }
    const rows = await this.database.readInOrg<AuditEventView>(
      orgId,
      // JavaScript's Date would cut the microseconds off, and with them the place where a page ended.
      `SELECT id, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS occurred_at,
         actor_id AS actor, action, target_type, target_id, result, code, duration_ms, request_id, ip, user_agent,
         changed, details
       FROM audit_events WHERE ${where.join(' AND ')}
       ORDER BY audit_events.occurred_at DESC, id DESC LIMIT ${place(query.limit + 1)}`,
      params,
    );
    const items = rows.slice(0, query.limit);
    const last = items.at(-1);
    const hasMore = rows.length > query.limit;
    return {
      items,
      next_cursor: hasMore && last ? encodeCursor([last.occurred_at, last.id]) : null,
      has_more: hasMore,
    };
  }
}

function startOf(cursor: string): readonly [string, string] {
  const [at, id] = decodeCursor(cursor, 2);
  const valid = typeof at === 'string' && MOMENT.test(at) && toMoment(at)?.slice(0, 23) === at.slice(0, 23);
  if (valid && typeof id === 'string' && UUID.test(id)) return [at, id];
  throw invalidCursor();
}

/** In the one form that PostgreSQL takes without fail; undefined where it is no day of the calendar. */
function toMoment(text: string): string | undefined {
  const date = new Date(text);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9_999 ? date.toISOString() : undefined;
}
