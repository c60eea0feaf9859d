import { createHmac } from 'node:crypto';
import { AppError } from '../../../common/app-error.js';
import { expectOk, HttpLine, httpServer, jsonOf, type HttpAnswer } from '../../families/http/http-line.js';
import { patientCall } from '../../families/http/patient-call.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import { cosmosEndpoint, type CosmosConfig } from './cosmos-spec.js';

const VERSION = '2018-12-31';
/** Lists come in pages of so many; more pages than this come only from a server that does not end. */
const PAGE = 200;
const MAX_PAGES = 5_000;

type Json = Readonly<Record<string, unknown>>;

/** What a list holds: databases, containers of one, or items. */
export type ListKind = 'dbs' | 'colls' | 'docs';
const LISTS: Readonly<Record<ListKind, string>> = {
  dbs: 'Databases',
  colls: 'DocumentCollections',
  docs: 'Documents',
};

interface Asked {
  readonly method: 'GET' | 'POST';
  /** What the list belongs to, such as `['dbs', 'shop']`; with `kind` it is the path. */
  readonly owner: readonly string[];
  /** Absent for the owner itself. */
  readonly kind?: ListKind;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The REST interface of one account, as far as it reads. Each call stands alone, signed with the account's key. */
export class CosmosLine implements RecordsLine {
  readonly server: ServerInfo = { product: 'Azure Cosmos DB', version: VERSION };

  private constructor(
    private readonly http: HttpLine,
    readonly config: CosmosConfig,
    private readonly key: Buffer,
  ) {}

  static async open(config: CosmosConfig, context: OpenContext): Promise<CosmosLine> {
    const server = httpServer({ ...cosmosEndpoint(config), ...(config.tls ? { tls: config.tls } : {}) });
    if (config.account_key === undefined) throw new AppError('AUTH_FAILED', 'The account key is missing.');
    const http = await HttpLine.over(server, context);
    try {
      const line = new CosmosLine(http, config, Buffer.from(config.account_key, 'base64'));
      await line.ping(context.signal);
      context.done?.('auth');
      return line;
    } catch (error) {
      await http.close();
      throw error;
    }
  }

  get usable(): boolean {
    return this.http.usable;
  }

  /** The database of the connection, or a list of at most one. @throws AppError DATABASE_NOT_FOUND. */
  async ping(signal: AbortSignal): Promise<void> {
    const { database } = this.config;
    const one = { 'x-ms-max-item-count': '1' };
    const answer = await this.ask(
      database === undefined
        ? { method: 'GET', owner: [], kind: 'dbs', headers: one }
        : { method: 'GET', owner: ['dbs', database] },
      signal,
    );
    if (answer.status === 404) throw new AppError('DATABASE_NOT_FOUND', 'The account has no such database.');
    jsonOf(expectOk(answer));
  }

  /** Pages of a list; none where its owner is gone. */
  async *list(
    kind: ListKind,
    owner: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly Json[]> {
    let from: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const headers = {
        'x-ms-max-item-count': String(PAGE),
        ...(from === undefined ? {} : { 'x-ms-continuation': from }),
      };
      const answer = await this.ask({ method: 'GET', owner, kind, headers }, signal);
      if (answer.status === 404) return;
      yield listIn(expectOk(answer), kind);
      from = answer.headers['x-ms-continuation'];
      if (from === undefined || from === '') return;
    }
    throw new AppError('PROTOCOL', 'The list of the account does not end.');
  }

  /** Some items of a container, whichever come first: one page of a query that is bounded. */
  async sample(container: readonly string[], most: number, signal: AbortSignal): Promise<readonly Json[]> {
    const run = (query: string): Promise<HttpAnswer> => {
      const headers = {
        'content-type': 'application/query+json',
        'x-ms-documentdb-isquery': 'True',
        'x-ms-documentdb-query-enablecrosspartition': 'True',
        'x-ms-max-item-count': String(most),
      };
      const body = JSON.stringify({ query, parameters: [] });
      return this.ask({ method: 'POST', owner: container, kind: 'docs', headers, body }, signal);
    };
    let answer = await run(`SELECT TOP ${String(most)} * FROM c`);
    // The gateway runs no TOP over several physical partitions; the page bounds the query then.
    if (answer.status === 400) answer = await run('SELECT * FROM c');
    return answer.status === 404 ? [] : listIn(expectOk(answer), 'docs').slice(0, most);
  }

  /** What the service counts in a container, such as `documentsCount`; nothing where it does not tell. */
  async usage(container: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const headers = { 'x-ms-documentdb-populatequotainfo': 'True' };
    const answer = await this.ask({ method: 'GET', owner: container, headers }, signal);
    const told = (answer.headers['x-ms-resource-usage'] ?? '').slice(0, 2_000);
    const counts = told.split(';').map((pair): [string, number] => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name.trim(), Number(value)];
    });
    return new Map(counts.filter(([, count]) => Number.isSafeInteger(count) && count >= 0));
  }

  /** A call that is left ends its own socket, and the next call has a new one. */
  destroy(): void {
    return undefined;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private ask({ method, owner, kind, headers = {}, body }: Asked, signal: AbortSignal): Promise<HttpAnswer> {
    const type = kind ?? owner.at(-2) ?? '';
    const parts = kind === undefined ? owner : [...owner, kind];
    const path = parts.map((part) => `/${encodeURIComponent(part)}`).join('');
    return patientCall(this.http, () => {
      const date = new Date().toUTCString();
      const signed = {
        authorization: signature(this.key, [method, type, owner.join('/'), date]),
        'x-ms-date': date,
        'x-ms-version': VERSION,
        accept: 'application/json',
      };
      return { method, path, headers: { ...headers, ...signed }, signal, ...(body ? { body } : {}) };
    });
  }
}

/** Of method, type of the resource, its link with the names as they are, and date; all but the link in lower case. */
function signature(
  key: Buffer,
  [method, type, link, date]: readonly [string, string, string, string],
): string {
  const text = `${method.toLowerCase()}\n${type.toLowerCase()}\n${link}\n${date.toLowerCase()}\n\n`;
  const signed = createHmac('sha256', key).update(text).digest('base64');
  return encodeURIComponent(`type=master&ver=1.0&sig=${signed}`);
}

function listIn(answer: HttpAnswer, kind: ListKind): readonly Json[] {
  const found = (jsonOf(answer) as Json | null)?.[LISTS[kind]];
  if (!Array.isArray(found)) throw new AppError('PROTOCOL', 'The answer of the account is no list.');
  return found as Json[];
}
