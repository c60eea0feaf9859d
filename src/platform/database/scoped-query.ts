import pg, { type QueryResult } from 'pg';
import { LIMITS } from './limits.js';

/** What of pg's protocol writer is used here; pg's types leave it out. */
interface Wire {
  readonly parsedStatements: Record<string, string>;
  parse(message: { readonly text: string; readonly name?: string }): void;
  bind(message: { readonly values: readonly string[]; readonly statement?: string }): void;
  execute(message: object): void;
}

/** Parts of a pg client that its types do not show. */
interface Inside {
  readonly connection: Wire;
  /** What the server, or a pooler, told at the login. */
  readonly processID: number | null;
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
  name?: string | undefined;
}) => PgQuery;

/**
 * The role and the organization that a statement runs under; nothing is written. The fourth column tells the process that
 * serves us: a pooler names another one at the login, and keeps no statement for us.
 */
const SCOPE = `SELECT set_config('role', $1, true), set_config('app.org_id', $2, true),
  set_config('transaction_read_only', 'on', true), pg_backend_pid(),
  ${LIMITS}`;
const SCOPE_NAME = 'datawave_scope';

/** Texts that get a name: what is read often has few of them, and what a filter made up is not kept by the server. */
const NAMES = 64;
const names = new Map<string, string>();

/** The name under which a text stays planned in a session; none where there are enough already. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size === NAMES) return known;
  const name = `datawave_${String(names.size)}`;
  names.set(text, name);
  return name;
}

/** Sessions that were seen to be our own, with nothing between us and the server. */
const DIRECT = new WeakSet<Wire>();

/**
 * A statement together with the scope that it runs under. Both are executed before one Sync, which makes them one
 * transaction of the server (PostgreSQL, "Extended Query", on pipelining): no BEGIN, no COMMIT, one packet, and the scope
 * ends with it, also where a pooler shares the connection.
 */
class ScopedQuery extends PgQuery {
  private scoped = false;
  private wire: Wire | undefined;

  constructor(
    private readonly scope: readonly [role: string, orgId: string],
    text: string,
    values: readonly unknown[],
    private readonly client: Inside,
  ) {
    const direct = DIRECT.has(client.connection);
    super({ text, values: [...values], queryMode: 'extended', name: direct ? nameOf(text) : undefined });
  }

  override prepare(wire: Wire): void {
    this.wire = wire;
    if (!DIRECT.has(wire)) {
      wire.parse({ text: SCOPE });
      wire.bind({ values: this.scope });
    } else {
      if (wire.parsedStatements[SCOPE_NAME] === undefined) {
        wire.parse({ text: SCOPE, name: SCOPE_NAME });
        // A scope that cannot be parsed means a session that is lost: nobody uses it again.
        wire.parsedStatements[SCOPE_NAME] = SCOPE;
      }
      wire.bind({ values: this.scope, statement: SCOPE_NAME });
    }
    wire.execute({});
    super.prepare(wire);
  }

  override handleDataRow(message: { readonly fields: readonly unknown[] }): void {
    if (this.scoped) super.handleDataRow(message);
    else if (this.wire && String(message.fields[3]) === String(this.client.processID)) DIRECT.add(this.wire);
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
    const query = new ScopedQuery(scope, text, values, client as unknown as Inside);
    query.on('end', resolve).on('error', reject);
    client.query(query);
  });
}
