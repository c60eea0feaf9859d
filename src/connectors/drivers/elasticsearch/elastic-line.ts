import { AppError } from '../../../common/app-error.js';
import {
  expectOk,
  HttpLine,
  httpServer,
  jsonOf,
  pathOf,
  type HttpAnswer,
} from '../../families/http/http-line.js';
import { patientCall } from '../../families/http/patient-call.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import type { ElasticConfig } from './elastic-spec.js';

/** Versions 8 and 9 both answer in the form of 8. */
const COMPATIBLE = 'application/vnd.elasticsearch+json;compatible-with=8';
/** Mappings of a few dozen indices with thousands of fields each. */
const MAX_BYTES = 64 * 1024 * 1024;

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One cluster over its REST interface; each call stands alone, and every call is a GET. */
export class ElasticLine {
  server: ServerInfo;
  /** Length of the answer that `get` read last. */
  answerBytes = 0;
  private readonly headers: Readonly<Record<string, string>>;

  private constructor(
    private readonly http: HttpLine,
    private readonly config: ElasticConfig,
  ) {
    const elastic = config.type === 'elasticsearch';
    this.server = { product: elastic ? 'Elasticsearch' : 'OpenSearch', version: 'unknown' };
    const authorization = authorizationOf(config);
    this.headers = {
      accept: elastic ? COMPATIBLE : 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    };
  }

  static async open(config: ElasticConfig, context: OpenContext): Promise<ElasticLine> {
    const http = await HttpLine.over(httpServer({ ...config, port: config.port ?? 9200 }), context);
    try {
      const line = new ElasticLine(http, config);
      await line.identify(context.signal);
      context.done?.('auth', { method: config.auth ?? 'basic' });
      return line;
    } catch (error) {
      await http.close();
      throw error;
    }
  }

  get usable(): boolean {
    return this.http.usable;
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.root(signal);
  }

  /** What is at a path, as JSON; undefined where there is nothing. @throws AppError. */
  async get(segments: readonly string[], signal: AbortSignal, query: Query = {}): Promise<unknown> {
    const answer = await this.ask(pathOf(segments, query), signal);
    this.answerBytes = answer.body.length;
    return answer.status === 404 ? undefined : jsonOf(expectOk(answer));
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private ask(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    return patientCall(this.http, () => ({ path, signal, headers: this.headers, maxBytes: MAX_BYTES }));
  }

  /**
   * The cluster's own page. Where the account may not see it, or a proxy hides it, whoever answers as Elasticsearch has
   * still accepted the login: a wrong one is 401 whatever is asked for.
   */
  private async root(signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.ask('/', signal);
    const hidden =
      [404, 405].includes(answer.status) && answer.headers['x-elastic-product'] === 'Elasticsearch';
    return answer.status === 403 || hidden ? answer : expectOk(answer);
  }

  private async identify(signal: AbortSignal): Promise<void> {
    const answer = await this.root(signal);
    const { version } = (answer.status === 200 ? jsonOf(answer) : {}) as {
      readonly version?: { readonly number?: unknown; readonly distribution?: unknown };
    };
    const number = answer.status === 200 ? version?.number : await this.versionOfNode(signal);
    if (typeof number !== 'string')
      throw new AppError('PROTOCOL', `The server does not say that it is ${this.server.product}.`);
    const opensearch = version?.distribution === 'opensearch';
    if (opensearch && this.config.type === 'elasticsearch')
      throw new AppError('PROTOCOL', 'The server is OpenSearch.', { hint: 'Use the type opensearch.' });
    const product = opensearch ? 'OpenSearch' : 'Elasticsearch';
    this.server = {
      product: version === undefined ? this.server.product : product,
      version: number.slice(0, 50),
    };
  }

  /** The version where the cluster's page is hidden; `unknown` where this is hidden too. */
  private async versionOfNode(signal: AbortSignal): Promise<string> {
    const answer = await this.ask(pathOf(['_nodes', '_local'], { filter_path: 'nodes.*.version' }), signal);
    if (answer.status !== 200) return 'unknown';
    const { nodes = {} } = jsonOf(answer) as {
      readonly nodes?: Readonly<Record<string, { version?: unknown }>>;
    };
    const [node] = Object.values(nodes);
    return typeof node?.version === 'string' ? node.version : 'unknown';
  }
}

function authorizationOf({ auth = 'basic', ...config }: ElasticConfig): string | undefined {
  const packed = (text: string): string => Buffer.from(text).toString('base64');
  const told = (secret: string | undefined): string => {
    if (secret === undefined) throw new AppError('AUTH_FAILED', 'The secret of the login is missing.');
    return secret;
  };
  switch (auth) {
    case 'api_key': {
      const key = told(config.api_key);
      return `ApiKey ${key.includes(':') ? packed(key) : key}`;
    }
    case 'bearer':
      return `Bearer ${told(config.bearer_token)}`;
    case 'basic':
      return config.username === undefined
        ? undefined
        : `Basic ${packed(`${config.username}:${config.password ?? ''}`)}`;
    case 'none':
      return undefined;
  }
}
