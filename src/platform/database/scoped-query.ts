import pg, { type QueryResult } from 'pg';

/** What of pg's protocol writer is used here; pg's types leave it out. */
interface Wire {
  parse(message: { readonly text: string }): void;
  bind(message: { readonly values: readonly string[] }): void;
  execute(message: object): void;
}

/** pg's query as it is behind its types: in pipeline mode a client takes no other class. */
interface PgQuery extends pg.Query {
  prepare(wire: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}
const PgQuery = pg.Query as unknown as new (config: {
  text: string;
  values: unknown[];
  queryMode: 'extended';
}) => PgQuery;

/** The role and the organization that a statement runs under; nothing is written. */
const SCOPE = `SELECT set_config('role', $1, true), set_config('app.org_id', $2, true),
  set_config('transaction_read_only', 'on', true)`;

/**
 * A statement together with the scope that it runs under. Both are executed before one Sync, which makes them one
 * transaction of the server (PostgreSQL, "Extended Query", on pipelining): no BEGIN, no COMMIT, one packet, and the scope
 * ends with it, also where a pooler shares the connection.
 */
class ScopedQuery extends PgQuery {
  private scoped = false;

  constructor(
    private readonly scope: readonly [role: string, orgId: string],
    text: string,
    values: readonly unknown[],
  ) {
    super({ text, values: [...values], queryMode: 'extended' });
  }

  override prepare(wire: Wire): void {
    wire.parse({ text: SCOPE });
    wire.bind({ values: this.scope });
    wire.execute({});
    super.prepare(wire);
  }

  override handleDataRow(message: unknown): void {
    if (this.scoped) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.scoped) super.handleCommandComplete(message, wire);
    else this.scoped = true;
  }
}

/** Runs one reading statement on `client` in the scope; the answer comes in one round trip. */
export function readScoped(
  client: pg.ClientBase,
  scope: readonly [role: string, orgId: string],
  text: string,
  values: readonly unknown[],
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const query = new ScopedQuery(scope, text, values);
    query.on('end', resolve).on('error', reject);
    client.query(query);
  });
}
