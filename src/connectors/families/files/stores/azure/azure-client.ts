import type { OpenContext } from '../../../../spi/index.js';
import { awsPath } from '../../../http/aws-signature.js';
import { entraTokens } from '../../../http/entra-token.js';
import { HttpLine, httpServer, type HttpAnswer } from '../../../http/http-line.js';
import { patientCall } from '../../../http/patient-call.js';
import type { SharedToken } from '../../../http/shared-token.js';
import { azureFault } from './azure-faults.js';
import { AZURE_VERSION, blobSas, sharedKeyOf } from './azure-signature.js';
import {
  azureEndpoint,
  azureLoginOf,
  isAccountInPath,
  type AzureConfig,
  type AzureLogin,
} from './azure-spec.js';
import { AppError } from '../../../../../common/app-error.js';

export interface AzureCall {
  readonly container?: string;
  readonly name?: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly maxBytes?: number;
  readonly asStored?: boolean;
}

/** Blobs of Azure as far as they are only read. */
export class AzureClient {
  private readonly login: AzureLogin;
  private readonly tokens: SharedToken | undefined;
  private line: Promise<HttpLine> | undefined;
  private accepted = false;

  /** Nothing is dialled before the first call. The first answer that is no fault of the login is the step `auth`. */
  constructor(
    private readonly config: AzureConfig,
    private readonly context: OpenContext,
  ) {
    this.login = azureLoginOf(config);
    if (this.login.kind === 'application')
      this.tokens = entraTokens(
        { ...this.login, scope: 'https://storage.azure.com/.default' },
        { tls: config.tls, context },
      );
  }

  /** @throws AppError, also for every status that is no success. */
  async call(call: AzureCall): Promise<HttpAnswer> {
    const answer = await this.ask(call);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw azureFault(answer);
  }

  /** Gives the answer whatever its status. */
  async ask(call: AzureCall): Promise<HttpAnswer> {
    const { signal, maxBytes, asStored = false } = call;
    const path = this.pathOf(call);
    const token = await this.tokens?.get(signal);
    const line = await (this.line ??= HttpLine.over(
      { ...httpServer(this.server), sockets: 8 },
      this.context,
    ));
    const answer = await patientCall(line, () => ({
      path,
      headers: this.signed(path, { 'x-ms-version': AZURE_VERSION, ...call.headers }, token),
      signal,
      asStored,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    }));
    if (!this.accepted && (answer.status < 300 || azureFault(answer).code !== 'AUTH_FAILED')) {
      this.accepted = true;
      this.context.done?.('auth', { method: this.login.kind });
    }
    return answer;
  }

  /**
   * A URL that reads the blob for so many seconds.
   *
   * @throws AppError UNSUPPORTED for logins other than the account's key: an application has nothing to sign with, and a SAS
   * of the connection would be given away whole.
   */
  presign(container: string, name: string, expiresInS: number): string {
    const { login, config } = this;
    const { origin } = httpServer(this.server);
    if (login.kind !== 'account_key' && login.kind !== 'anonymous')
      throw new AppError('UNSUPPORTED', 'Only the key of the account can sign a URL of its files.', {
        hint: 'Give account_key in place of the other login.',
      });
    const url = origin.origin + this.pathOf({ container, name });
    if (login.kind === 'anonymous') return url;
    const expires = new Date(Date.now() + expiresInS * 1_000);
    const secure = config.tls?.mode !== 'disable';
    return `${url}?${blobSas({ account: config.account, container, name, expires, secure }, login.key)}`;
  }

  async close(): Promise<void> {
    await this.line?.then((line) => line.close()).catch(() => undefined);
  }

  private signed(path: string, headers: Record<string, string>, token: string | undefined) {
    const all = { ...headers, 'x-ms-date': new Date().toUTCString() };
    const { login, config } = this;
    if (token !== undefined) return { ...all, authorization: `Bearer ${token}` };
    if (login.kind !== 'account_key') return all;
    return {
      ...all,
      authorization: sharedKeyOf({ account: config.account, path, headers: all }, login.key),
    };
  }

  private pathOf({ container, name, query }: Pick<AzureCall, 'container' | 'name' | 'query'>): string {
    const { account } = this.config;
    const segments = [
      ...(isAccountInPath(this.config) ? [account] : []),
      ...(container === undefined ? [''] : [container]),
      ...(name === undefined ? [] : name.split('/')),
    ];
    const path = awsPath(segments, query);
    if (this.login.kind !== 'sas') return path;
    return `${path}${path.includes('?') ? '&' : '?'}${this.login.query}`;
  }

  private get server() {
    const { tls } = this.config;
    return { ...azureEndpoint(this.config), ...(tls ? { tls } : {}) };
  }
}
