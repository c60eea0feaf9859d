import type { Client, Query } from 'pg';

/** A row as the server wrote it: no type is parsed that no one looks at. */
export type Row = readonly (string | null)[];

export interface Statement {
  readonly text: string;
  /** Parameters, which go beside the text. */
  readonly values: readonly string[];
  /** Keeps the statement prepared under this name; one text for each name. */
  readonly name?: string;
}

/** Asks for the rows of one statement. */
export type Ask = (client: Client, statement: Statement) => Promise<readonly Row[]>;

/**
 * Takes rows as pg's protocol reader makes them. pg's own result copies each of them with a call for every value, which
 * is a third of the processor time of a large read.
 *
 * @param PgQuery pg's class, which is loaded only when a connection is opened. In pipeline mode pg takes no other.
 */
export function askWith(PgQuery: typeof Query): Ask {
  class RawQuery extends PgQuery {
    readonly raw: Row[] = [];

    handleRowDescription(): void {
      // Nothing is made of the types.
    }

    handleDataRow(message: { readonly fields: Row }): void {
      this.raw.push(message.fields);
    }
  }
  return (client, { text, values, name }) =>
    new Promise((resolve, reject) => {
      const query = new RawQuery({ text, values: [...values], name });
      query.on('end', () => resolve(query.raw)).on('error', reject);
      client.query(query);
    });
}
