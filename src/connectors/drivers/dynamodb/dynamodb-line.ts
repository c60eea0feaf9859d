import { AppError, type ErrorCode } from '../../../common/app-error.js';
import { signedHeaders, type AwsKey } from '../../families/http/aws-signature.js';
import { HttpLine, httpFault, httpServer, jsonOf, type HttpAnswer } from '../../families/http/http-line.js';
import { patientCall } from '../../families/http/patient-call.js';
import { roleKeys } from '../../families/files/stores/s3/assume-role.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import type { OpenContext, ServerInfo } from '../../spi/index.js';
import { dynamodbEndpoint, type DynamoDbConfig } from './dynamodb-spec.js';

/** What the service says of a fault, by the name behind the `#` of `__type`. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  UnrecognizedClientException: 'AUTH_FAILED',
  InvalidSignatureException: 'AUTH_FAILED',
  IncompleteSignatureException: 'AUTH_FAILED',
  MissingAuthenticationTokenException: 'AUTH_FAILED',
  ExpiredTokenException: 'AUTH_FAILED',
  AccessDeniedException: 'PERMISSION_DENIED',
  ThrottlingException: 'THROTTLED',
  RequestLimitExceeded: 'THROTTLED',
  ProvisionedThroughputExceededException: 'THROTTLED',
};

const WORDS: Partial<Record<ErrorCode, string>> = {
  AUTH_FAILED: 'AWS refused the keys.',
  PERMISSION_DENIED: 'The keys may not do this.',
  THROTTLED: 'DynamoDB refuses more work for now.',
};

/** DynamoDB's API, as far as it reads. Each call stands alone. */
export class DynamoDbLine implements RecordsLine {
  readonly server: ServerInfo = { product: 'Amazon DynamoDB', version: '2012-08-10' };
  private keys: (signal: AbortSignal) => Promise<AwsKey>;

  private constructor(
    private readonly http: HttpLine,
    readonly config: DynamoDbConfig,
    context: OpenContext,
  ) {
    const { access_key_id: id, secret_access_key: secret, session_token: sessionToken } = config;
    if (id === undefined || secret === undefined)
      throw new AppError('AUTH_FAILED', 'The secret access key is missing.');
    const key = { accessKeyId: id, secretAccessKey: secret, sessionToken };
    const role = config.role_arn === undefined ? undefined : roleKeys(config, key, context);
    this.keys = (signal) => role?.get(signal) ?? Promise.resolve(key);
  }

  static async open(config: DynamoDbConfig, context: OpenContext): Promise<DynamoDbLine> {
    const server = httpServer({ ...dynamodbEndpoint(config), ...(config.tls ? { tls: config.tls } : {}) });
    const http = await HttpLine.over(server, context);
    try {
      const line = new DynamoDbLine(http, config, context);
      await line.ping(context.signal);
      context.done?.('auth', { method: config.role_arn === undefined ? 'access_key' : 'role' });
      return line;
    } catch (error) {
      await http.close();
      throw error;
    }
  }

  get usable(): boolean {
    return this.http.usable;
  }

  /** A list of at most one name: it uses no read units. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.ask('ListTables', { Limit: 1 }, signal);
  }

  /** One call; undefined where the table is gone. */
  async ask(
    action: string,
    input: object,
    signal: AbortSignal,
  ): Promise<Record<string, unknown> | undefined> {
    const key = await this.keys(signal);
    const body = JSON.stringify(input);
    const answer = await patientCall(this.http, () => ({
      method: 'POST',
      path: '/',
      body,
      signal,
      headers: signedHeaders(
        {
          method: 'POST',
          host: this.http.host,
          path: '/',
          headers: {
            'content-type': 'application/x-amz-json-1.0',
            'x-amz-target': `DynamoDB_20120810.${action}`,
          },
          body,
        },
        { key, region: this.config.region, service: 'dynamodb' },
      ),
    }));
    if (answer.status === 200) return jsonOf(answer) as Record<string, unknown>;
    const name = nameOf(answer);
    if (name === 'ResourceNotFoundException') return undefined;
    throw faultOf(name, answer);
  }

  /** Nothing to drop: a call that was left has closed its own socket. */
  destroy(): void {
    // The next call has a socket of its own.
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

function nameOf(answer: HttpAnswer): string | undefined {
  try {
    const { __type: type } = jsonOf(answer) as { __type?: unknown };
    return typeof type === 'string' ? type.split('#').at(-1) : undefined;
  } catch {
    return undefined;
  }
}

function faultOf(name: string | undefined, { status }: HttpAnswer): AppError {
  const code = name !== undefined && Object.hasOwn(CODES, name) ? CODES[name] : undefined;
  if (code === undefined || name === undefined) return httpFault(status);
  return new AppError(code, `${WORDS[code] ?? 'DynamoDB failed.'} (${name})`);
}
