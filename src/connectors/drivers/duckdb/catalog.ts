import { byRelation } from '../../families/embedded/by-relation.js';
import type { EngineProcess } from '../../families/embedded/engine.js';
import { buildDataset } from '../../families/sql/dataset.js';
import type {
  CatalogReader,
  CatalogRequest,
  ConstraintFacts,
  FoundDataset,
} from '../../families/sql/sql-driver.js';
import type { Field, Index } from '../../spi/index.js';
import * as queries from './queries.js';
import { duckdbType } from './types.js';

interface RelationRow {
  readonly name: string;
  readonly kind: 'table' | 'view';
  readonly comment: string | null;
  /** 64 bits come as text. */
  readonly row_count: string | null;
  readonly definition: string | null;
}
interface ColumnRow {
  readonly relation: string;
  readonly name: string;
  readonly data_type: string;
  readonly is_nullable: boolean;
  readonly standard: string | null;
  readonly comment: string | null;
}
interface ConstraintRow {
  readonly relation: string;
  readonly kind: string;
  readonly name: string | null;
  readonly members: readonly string[];
  readonly expression: string | null;
  readonly target: string | null;
  readonly reference: readonly string[];
}
interface IndexRow {
  readonly relation: string;
  readonly name: string;
  readonly is_unique: boolean;
  readonly is_primary: boolean;
  readonly expressions: string | null;
}

/** The catalog of a DuckDB file: relations in pages, each kind of fact in one pass over a page. */
export function duckdbCatalog(
  engine: EngineProcess,
  { names, pace }: CatalogRequest,
): Omit<CatalogReader, 'close'> {
  const ask = async <R>({ sql, params }: queries.Statement): Promise<readonly R[]> =>
    (await engine.all(sql, params)) as unknown as readonly R[];

  async function pageOf(schema: string, page: readonly RelationRow[]): Promise<FoundDataset[]> {
    const span = { schema, first: page[0]?.name ?? '', last: page.at(-1)?.name ?? '' };
    const columns = byRelation(await ask<ColumnRow>(queries.columns(span)));
    const constraints = byRelation(await ask<ConstraintRow>(queries.constraints(span)));
    const indexes = byRelation(await ask<IndexRow>(queries.indexes(span)));
    return page.map(({ name, kind, comment, row_count, definition }) => ({
      dataset: buildDataset({
        relation: {
          schema,
          name,
          kind,
          comment: comment ?? undefined,
          definition: definition ?? undefined,
          rowEstimate: row_count === null ? undefined : Number(row_count),
        },
        fields: (columns.get(name) ?? []).map(fieldOf),
        constraints: (constraints.get(name) ?? []).flatMap((row) => constraintOf(schema, row)),
        indexes: (indexes.get(name) ?? []).map(indexOf),
      }),
    }));
  }

  return {
    async scopes() {
      const found = await ask<{ name: string; datasets: string }>(queries.scopes(names));
      return found.map(({ name, datasets }) => ({ name, datasets: Number(datasets) }));
    },
    async *all(scopes) {
      for (const schema of scopes) {
        let after = '';
        for (;;) {
          const place = { schema, after, limit: pace.pageSize };
          const page = await ask<RelationRow>(queries.relations(names, place));
          const last = page.at(-1);
          if (!last) break;
          after = last.name;
          yield { datasets: await pageOf(schema, page) };
        }
      }
    },
  };
}

function fieldOf({ name, data_type, is_nullable, standard, comment }: ColumnRow, index: number): Field {
  return {
    name,
    ordinal: index + 1,
    ...duckdbType(data_type),
    nullable: is_nullable,
    ...(standard === null ? {} : { default: standard }),
    ...(comment === null ? {} : { comment }),
  };
}

function constraintOf(schema: string, row: ConstraintRow): ConstraintFacts[] {
  const { kind, relation, members, expression, target, reference } = row;
  const name = row.name ?? `${relation}_${kind.toLowerCase().replaceAll(' ', '_')}`;
  if (kind === 'PRIMARY KEY') return [{ kind: 'primary', name, columns: members }];
  if (kind === 'UNIQUE') return [{ kind: 'unique', name, columns: members }];
  if (kind === 'CHECK') return [{ kind: 'check', name, expression: expression ?? '' }];
  if (kind !== 'FOREIGN KEY' || target === null) return [];
  return [
    { kind: 'foreign', name, columns: members, references: { schema, dataset: target, columns: reference } },
  ];
}

/** The list of what is indexed is text, `[customer_id, lower(name)]`; brackets inside of it belong to an expression. */
function indexOf({ name, is_unique, is_primary, expressions }: IndexRow): Index {
  const list = (expressions ?? '').replace(/^\[|\]$/g, '');
  const columns = /[()']/.test(list)
    ? [list]
    : list.split(', ').map((column) => column.replace(/^"(.*)"$/, '$1'));
  return { name, columns, unique: is_unique, ...(is_primary ? { primary: true } : {}) };
}
