import { AppError } from '../../../common/app-error.js';
import { expectOk, HttpLine, jsonOf, pathOf } from '../../families/http/http-line.js';
import { elsewhere, toConnectorError, type OpenContext } from '../../spi/index.js';
import type { RegistryConfig } from './spec.js';

export interface RegisteredSchema {
  /** AVRO, JSON or PROTOBUF. */
  readonly kind: string;
  readonly text: string;
  readonly version: number;
}

/** A schema registry with the interface of Confluent's, as Karapace and Apicurio have it too. */
export class SchemaRegistry {
  private constructor(
    private readonly http: HttpLine,
    private readonly authorization: Readonly<Record<string, string>>,
  ) {}

  /** Asks for the subjects once, so that a login that is wrong shows when the source is tested. */
  static async open(config: RegistryConfig, context: OpenContext): Promise<SchemaRegistry> {
    const { host, port = 8081, username, password = '', tls } = config;
    const scheme = tls?.mode === 'disable' ? 'http' : 'https';
    const origin = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`);
    const login = Buffer.from(`${username ?? ''}:${password}`).toString('base64');
    const headers: Record<string, string> = username === undefined ? {} : { authorization: `Basic ${login}` };
    // It is another server than the broker that the connection names.
    const registry = new SchemaRegistry(await HttpLine.over({ origin, tls }, elsewhere(context)), headers);
    try {
      await registry.get(['subjects'], context.signal);
      return registry;
    } catch (error) {
      await registry.close();
      const { code, message, details } = toConnectorError(error);
      throw context.signal.aborted
        ? (context.signal.reason as Error)
        : new AppError(code, `The schema registry: ${message}`, details);
    }
  }

  async subjects(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const found = await this.get(['subjects'], signal);
    if (!Array.isArray(found))
      throw new AppError('PROTOCOL', 'The answer of the schema registry is no list.');
    return new Set((found as unknown[]).filter((name): name is string => typeof name === 'string'));
  }

  /** The newest schema of a subject; undefined where it was deleted meanwhile. */
  async latest(subject: string, signal: AbortSignal): Promise<RegisteredSchema | undefined> {
    const found = (await this.get(['subjects', subject, 'versions', 'latest'], signal)) as
      { readonly schemaType?: unknown; readonly schema?: unknown; readonly version?: unknown } | undefined;
    if (typeof found?.schema !== 'string') return undefined;
    return {
      kind: typeof found.schemaType === 'string' ? found.schemaType.slice(0, 20) : 'AVRO',
      text: found.schema,
      version: typeof found.version === 'number' ? found.version : 0,
    };
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async get(segments: readonly string[], signal: AbortSignal): Promise<unknown> {
    const headers = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...this.authorization,
    };
    const answer = await this.http.call({ path: pathOf(segments), headers, signal });
    return answer.status === 404 ? undefined : jsonOf(expectOk(answer));
  }
}
