import { AppError } from '../../../common/app-error.js';
import { expectOk, HttpLine, jsonOf, pathOf } from '../../families/http/http-line.js';
import { elsewhere, toConnectorError, type OpenContext } from '../../spi/index.js';
import type { RegistryConfig } from './spec.js';

/** A schema as the registry has it. */
interface SchemaText {
  /** AVRO, JSON or PROTOBUF. */
  readonly kind: string;
  readonly text: string;
  readonly version: number;
}

export interface RegisteredSchema extends SchemaText {
  /** Texts of the schemas that it refers to, and those of theirs, by the names that stand in the texts. */
  readonly references: ReadonlyMap<string, string>;
}

/** That a schema uses one of another subject, by that name. */
interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

interface Version extends SchemaText {
  readonly uses: readonly Reference[];
}

/** Schemas that one schema may draw in. */
const MAX_REFERENCES = 100;
/** Referenced versions that are remembered. */
const MAX_KNOWN = 1_000;

/** A schema registry with the interface of Confluent's, as Karapace and Apicurio have it too. */
export class SchemaRegistry {
  /** By subject and version: what a version says never changes. */
  private readonly known = new Map<string, Version>();

  private constructor(
    private readonly http: HttpLine,
    private readonly base: readonly string[],
    private readonly authorization: Readonly<Record<string, string>>,
  ) {}

  /** Asks for the subjects once, so that a login that is wrong shows when the source is tested. */
  static async open(config: RegistryConfig, context: OpenContext): Promise<SchemaRegistry> {
    const { host, port = 8081, path = '', username, password = '', tls } = config;
    const scheme = tls?.mode === 'disable' ? 'http' : 'https';
    const origin = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`);
    const login = Buffer.from(`${username ?? ''}:${password}`).toString('base64');
    const headers: Record<string, string> = username === undefined ? {} : { authorization: `Basic ${login}` };
    // It is another server than the broker that the connection names.
    const http = await HttpLine.over({ origin, tls }, elsewhere(context));
    const registry = new SchemaRegistry(http, path.split('/').filter(Boolean), headers);
    try {
      if ((await registry.get(['subjects'], context.signal)) === undefined)
        throw new AppError('PROTOCOL', 'There is nothing at its path.', {
          hint: 'Set schema_registry.path to where its interface begins, such as /apis/ccompat/v7 for Apicurio.',
        });
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

  /** The newest schema of a subject, with what it refers to; undefined where it was deleted meanwhile. */
  async latest(subject: string, signal: AbortSignal): Promise<RegisteredSchema | undefined> {
    const found = await this.version(subject, 'latest', signal);
    if (!found) return undefined;
    const { uses, ...schema } = found;
    const references = new Map<string, string>();
    const waiting = [...uses];
    for (let next = waiting.pop(); next && references.size < MAX_REFERENCES; next = waiting.pop()) {
      if (references.has(next.name)) continue;
      const used = await this.version(next.subject, next.version, signal);
      if (!used) continue;
      references.set(next.name, used.text);
      waiting.push(...used.uses);
    }
    return { ...schema, references };
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private async version(
    subject: string,
    version: number | 'latest',
    signal: AbortSignal,
  ): Promise<Version | undefined> {
    const name = `${String(version)} ${subject}`;
    const known = this.known.get(name);
    if (known) return known;
    const read = versionIn(await this.get(['subjects', subject, 'versions', String(version)], signal));
    if (read && version !== 'latest') {
      if (this.known.size >= MAX_KNOWN) this.known.clear();
      this.known.set(name, read);
    }
    return read;
  }

  private async get(segments: readonly string[], signal: AbortSignal): Promise<unknown> {
    const headers = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...this.authorization,
    };
    const answer = await this.http.call({ path: pathOf([...this.base, ...segments]), headers, signal });
    return answer.status === 404 ? undefined : jsonOf(expectOk(answer));
  }
}

function versionIn(answer: unknown): Version | undefined {
  const { schemaType, schema, version, references } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof schema !== 'string') return undefined;
  return {
    kind: typeof schemaType === 'string' ? schemaType.slice(0, 20) : 'AVRO',
    text: schema,
    version: typeof version === 'number' ? version : 0,
    uses: Array.isArray(references) ? (references as unknown[]).filter(isReference) : [],
  };
}

function isReference(value: unknown): value is Reference {
  const { name, subject, version } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number';
}
