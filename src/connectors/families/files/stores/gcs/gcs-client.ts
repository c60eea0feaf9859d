import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import { googleAccountOf, googleTokens, type GoogleAccount } from '../../../http/google-account.js';
import { HttpLine, httpServer, jsonOf, pathOf, type HttpAnswer } from '../../../http/http-line.js';
import { patientCall } from '../../../http/patient-call.js';
import type { SharedToken } from '../../../http/shared-token.js';
import { gcsFault } from './gcs-faults.js';
import { gcsEndpoint, type GcsConfig } from './gcs-spec.js';
import { gcsSignedPath } from './gcs-signature.js';

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only';

export interface GcsCall {
  /** Segments behind `/storage/v1`. */
  readonly segments: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly maxBytes?: number;
  readonly asStored?: boolean;
}

/** The JSON API of Google Cloud Storage as far as it only reads. */
export class GcsClient {
  private readonly account: GoogleAccount | undefined;
  private readonly tokens: SharedToken | undefined;
  private line: Promise<HttpLine> | undefined;
  private accepted = false;

  /** Nothing is dialled before the first call. The first answer that is no fault of the login is the step `auth`. */
  constructor(
    private readonly config: GcsConfig,
    private readonly context: OpenContext,
  ) {
    const { service_account: key, anonymous, tls } = config;
    if (anonymous === true) return;
    if (key === undefined)
      throw new AppError(
        'AMBIENT_CREDENTIALS_FORBIDDEN',
        'The store needs a service account key of its own.',
        {
          hint: 'Give service_account, or set `anonymous` for a public bucket.',
        },
      );
    this.account = googleAccountOf(key);
    this.tokens = googleTokens(this.account, SCOPE, { tls, context });
  }

  /** Project of the service account. */
  get project(): string | undefined {
    return this.account?.project;
  }

  /** @throws AppError, also for every status that is no success. */
  async json(call: GcsCall): Promise<unknown> {
    const answer = await this.ask({ ...call, headers: { accept: 'application/json' } });
    if (answer.status < 200 || answer.status >= 300) throw gcsFault(answer);
    return jsonOf(answer);
  }

  /** Gives the answer whatever its status. */
  async ask({ segments, query, headers, signal, maxBytes, asStored = false }: GcsCall): Promise<HttpAnswer> {
    const token = await this.tokens?.get(signal);
    const line = await (this.line ??= HttpLine.over(
      { ...httpServer(this.server), sockets: 8 },
      this.context,
    ));
    const answer = await patientCall(line, () => ({
      path: pathOf(['storage', 'v1', ...segments], query),
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      signal,
      asStored,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    }));
    if (!this.accepted && answer.status !== 401) {
      this.accepted = true;
      this.context.done?.('auth', { method: this.account ? 'service_account' : 'anonymous' });
    }
    return answer;
  }

  /** A URL that reads the object for so many seconds. */
  presign(bucket: string, name: string, expiresInS: number): string {
    const { origin } = httpServer(this.server);
    return origin.origin + gcsSignedPath({ host: origin.host, bucket, name }, this.account, { expiresInS });
  }

  async close(): Promise<void> {
    await this.line?.then((line) => line.close()).catch(() => undefined);
  }

  private get server() {
    const { tls } = this.config;
    return { ...gcsEndpoint(this.config), ...(tls ? { tls } : {}) };
  }
}
