import { AppError } from '../../../../../common/app-error.js';
import { elsewhere, type OpenContext } from '../../../../spi/index.js';
import {
  awsPath,
  presignedPath,
  signedHeaders,
  type AwsKey,
  type AwsScope,
} from '../../../http/aws-signature.js';
import { HttpLine, httpServer, type HttpAnswer, type HttpServer } from '../../../http/http-line.js';
import { patientCall } from '../../../http/patient-call.js';
import { roleKeys } from './assume-role.js';
import { s3Fault } from './s3-faults.js';
import { isPathStyle, s3Endpoint, type S3Config } from './s3-spec.js';

/** A call that reads; never a HEAD, whose answer could not say what is wrong. */
export interface S3Call {
  /** Absent for the service itself. */
  readonly bucket?: string | undefined;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly maxBytes?: number;
  readonly asStored?: boolean;
}

/** S3 as far as it only reads: every request signed anew, by the keys of the connection or of its role, or by none. */
export class S3Client {
  /** By host: a bucket may have a host of its own. */
  private readonly lines = new Map<string, Promise<HttpLine>>();
  private readonly keys: ((signal: AbortSignal) => Promise<AwsKey>) | undefined;
  private accepted = false;

  /** Nothing is dialled before the first call. The first answer that is no fault of the login is the step `auth`. */
  constructor(
    private readonly config: S3Config,
    private readonly context: OpenContext,
  ) {
    const { access_key_id: id, secret_access_key: secret, session_token: sessionToken } = config;
    if (config.anonymous === true) return;
    if (id === undefined || secret === undefined)
      throw new AppError('AMBIENT_CREDENTIALS_FORBIDDEN', 'The store needs keys of its own.');
    const key = { accessKeyId: id, secretAccessKey: secret, sessionToken };
    const role = config.role_arn === undefined ? undefined : roleKeys(config, key, context);
    this.keys = (signal) => role?.get(signal) ?? Promise.resolve(key);
  }

  /** @throws AppError, also for every status that is no success. */
  async call(call: S3Call): Promise<HttpAnswer> {
    const answer = await this.ask(call);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw s3Fault(answer);
  }

  /** A URL that reads the object for so many seconds. */
  async presign(bucket: string, key: string, expiresInS: number, signal: AbortSignal): Promise<string> {
    const { origin, path } = this.place({ bucket, key, signal });
    if (!this.keys) return origin.origin + path;
    const scope = this.scope(await this.keys(signal));
    return origin.origin + presignedPath({ method: 'GET', host: origin.host, path }, scope, { expiresInS });
  }

  async close(): Promise<void> {
    const lines = [...this.lines.values()];
    this.lines.clear();
    await Promise.all(lines.map((line) => line.then((open) => open.close()).catch(() => undefined)));
  }

  /** As `call`, but gives the answer whatever its status. */
  async ask(call: S3Call): Promise<HttpAnswer> {
    const { headers = {}, signal, maxBytes, asStored = false } = call;
    const { origin, path } = this.place(call);
    const [line, key] = await Promise.all([this.lineTo(origin), this.keys?.(signal)]);
    const answer = await patientCall(line, () => ({
      path,
      headers: key
        ? signedHeaders({ method: 'GET', host: origin.host, path, headers }, this.scope(key))
        : { ...headers },
      signal,
      asStored,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    }));
    this.tellAuth(answer);
    return answer;
  }

  private tellAuth(answer: HttpAnswer): void {
    if (this.accepted) return;
    if (answer.status >= 300 && (answer.body.length === 0 || s3Fault(answer).code === 'AUTH_FAILED')) return;
    this.accepted = true;
    this.context.done?.('auth', { method: this.method });
  }

  private get method(): string {
    if (!this.keys) return 'anonymous';
    return this.config.role_arn === undefined ? 'access_key' : 'role';
  }

  private scope(key: AwsKey): AwsScope {
    return { key, region: this.config.region ?? 'us-east-1', service: 's3' };
  }

  private place({ bucket, key, query }: S3Call): { origin: URL; path: string } {
    const config = { ...this.config, bucket };
    const inPath = bucket !== undefined && isPathStyle(config) ? [bucket] : [];
    return {
      origin: serverOf(config).origin,
      path: awsPath(
        [...inPath, ...(key === undefined ? (inPath.length > 0 ? [] : ['']) : key.split('/'))],
        query,
      ),
    };
  }

  private lineTo(origin: URL): Promise<HttpLine> {
    const known = this.lines.get(origin.host);
    if (known) return known;
    const isMain = serverOf(this.config).origin.host === origin.host;
    const context = isMain ? this.context : elsewhere(this.context);
    const line = HttpLine.over({ ...serverOf(this.config), origin, sockets: 8 }, context);
    this.lines.set(origin.host, line);
    return line;
  }
}

function serverOf(config: S3Config): HttpServer {
  return httpServer({ ...s3Endpoint(config), ...(config.tls ? { tls: config.tls } : {}) });
}
