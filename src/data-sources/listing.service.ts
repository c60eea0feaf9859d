import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { decodeCursor, encodeCursor } from '../common/page.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import { Database } from '../platform/database/database.service.js';
import { viewOf } from './data-source.view.js';
import { FIND, ROW, type DataSourceRow } from './data-sources.store.js';
import type { ListQuery } from './dto/requests.dto.js';
import type { DataSourcePage } from './dto/views.dto.js';

type Column = 'name' | 'created_at' | 'updated_at' | 'type' | 'status' | 'id';

interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

/** Reads of one and of many sources, each one statement. */
@Injectable()
export class Listing {
  constructor(
    private readonly database: Database,
    private readonly registry: ConnectorRegistry,
  ) {}

  /** One source that is not deleted. */
  async get(actor: Actor, id: string): Promise<DataSourceRow> {
    const [row] = await this.database.readInOrg<DataSourceRow>(actor.orgId, FIND, [actor.orgId, id]);
    if (!row || row.deleted_at) throw AppError.notFound('data source');
    return row;
  }

  async list(actor: Actor, query: ListQuery): Promise<DataSourcePage> {
    const { page = 1, limit = 20, cursor, type } = query;
    if (type !== undefined) this.mustBeType(type);
    const order = orderOf(query.sort);
    const filter = new Filter(actor.orgId, query);
    const total = `(SELECT count(*)::int FROM data_sources WHERE ${filter.text})`;
    if (cursor !== undefined) filter.after(order, decodeCursor(cursor, order.length));
    const offset = cursor === undefined ? (page - 1) * limit : 0;
    // The outer join keeps the total where the page itself is empty.
    const rows = await this.database.readInOrg<DataSourceRow & { total: number }>(
      actor.orgId,
      `SELECT t.total, p.* FROM (SELECT ${total} AS total) t LEFT JOIN LATERAL (
         SELECT ${ROW} FROM data_sources WHERE ${filter.text}
         ORDER BY ${order.map(sql).join(', ')} LIMIT ${String(limit + 1)} OFFSET ${String(offset)}) p ON true`,
      filter.values,
    );
    const found = rows.filter(({ id }) => (id as string | null) !== null);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const more = found.length > limit;
    const count = rows[0]?.total ?? 0;
    return {
      items: items.map(viewOf),
      page: cursor === undefined ? page : null,
      limit,
      total: count,
      total_pages: Math.ceil(count / limit),
      next_cursor: more && last ? encodeCursor(order.map(({ column }) => cursorValue(last, column))) : null,
      has_more: more,
    };
  }

  private mustBeType(type: string): void {
    if (this.registry.find(type)) return;
    const types = this.registry.list().map((definition) => definition.type);
    throw new AppError('VALIDATION_FAILED', 'The request is not valid: see errors.', {
      errors: [{ parameter: 'type', code: 'isIn', detail: `Type must be one of ${types.join(', ')}.` }],
    });
  }
}

/** The fixed part of a list: which rows count. Values are parameters; only names of ours stand in the text. */
class Filter {
  readonly values: unknown[];
  private readonly conditions: string[];

  constructor(orgId: string, query: ListQuery) {
    this.values = [orgId];
    this.conditions = ['org_id = $1'];
    if (!query.include_deleted) this.conditions.push('deleted_at IS NULL');
    this.when(query.type, (n) => `type = ${n}`);
    this.when(query.category, (n) => `category = ${n}`);
    this.when(query.status, (n) => `status = ${n}`);
    this.when(query.tag, (n) => `tags @> ARRAY[${n}]`);
    this.when(query.environment, (n) => `environment = ${n}`);
    this.when(query.owner_id, (n) => `owner_id = ${n}`);
    this.when(query.created_after, (n) => `created_at > ${n}::timestamptz`);
    const part = query.q?.replace(/[\\%_]/g, '\\$&');
    this.when(part && `%${part}%`, (n) => `(name ILIKE ${n} OR description ILIKE ${n})`);
  }

  get text(): string {
    return this.conditions.join(' AND ');
  }

  /** Rows behind the one whose sort values are given, for orders that mix directions. */
  after(order: readonly Order[], values: readonly unknown[]): void {
    const places = values.map((value, i) => this.place(value, order[i]?.column ?? 'id'));
    const steps = order.map((by, i) => {
      const equal = order.slice(0, i).map(({ column }, j) => `${column} = ${places[j] ?? ''}`);
      return `(${[...equal, `${by.column} ${by.descending ? '<' : '>'} ${places[i] ?? ''}`].join(' AND ')})`;
    });
    this.conditions.push(`(${steps.join(' OR ')})`);
  }

  private place(value: unknown, column: Column): string {
    this.values.push(value);
    const cast = column === 'id' ? '::uuid' : column.endsWith('_at') ? '::timestamptz' : '';
    return `$${String(this.values.length)}${cast}`;
  }

  private when(value: string | undefined, condition: (place: string) => string): void {
    if (value === undefined || value === '') return;
    this.values.push(value);
    this.conditions.push(condition(`$${String(this.values.length)}::text`));
  }
}

/** The order that a query asks for, made total by the id. */
function orderOf(sort = '-created_at'): Order[] {
  const named = sort.split(',').map((part) => ({
    column: part.replace(/^-/, '') as Column,
    descending: part.startsWith('-'),
  }));
  const unique = named.filter(({ column }, i) => named.findIndex((other) => other.column === column) === i);
  return [...unique, { column: 'id', descending: unique[0]?.descending ?? false }];
}

function sql({ column, descending }: Order): string {
  return `${column} ${descending ? 'DESC' : 'ASC'}`;
}

function cursorValue(row: DataSourceRow, column: Column): string {
  const value = row[column];
  return value instanceof Date ? value.toISOString() : value;
}
