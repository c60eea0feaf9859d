import { createHash, createHmac } from 'node:crypto';

/** Keys of an account at AWS or at a service that signs alike. */
export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary keys. */
  readonly sessionToken?: string | undefined;
}

/** What a signature is good for. */
export interface AwsScope {
  readonly key: AwsKey;
  readonly region: string;
  /** Name of the service in signatures, such as `s3`, `sts`, `dynamodb` or `rds-db`. */
  readonly service: string;
}

/** A request before it is signed. */
export interface Unsigned {
  readonly method: string;
  /** `host` or `host:port`, as the Host header will say. */
  readonly host: string;
  /** Path and query as they are sent: encoded by `awsEncode`, see `awsPath`. */
  readonly path: string;
  /** Further headers; all of them are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Percent encoding as signatures want it: all but letters, digits and `-_.~`. */
export function awsEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A path of segments that are not encoded yet, with a query; values that are undefined are left out. */
export function awsPath(
  segments: readonly string[],
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const path = `/${segments.map(awsEncode).join('/')}`;
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${awsEncode(name)}=${awsEncode(String(value))}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/**
 * Signature Version 4 in headers: gives all headers to send, those of the request included, without Host.
 *
 * @param at the time that is signed; a service refuses one that is minutes off.
 */
export function signedHeaders(request: Unsigned, scope: AwsScope, at = new Date()): Record<string, string> {
  const bodyHash = sha256(request.body ?? '');
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': stampOf(at),
    ...(scope.key.sessionToken === undefined ? {} : { 'x-amz-security-token': scope.key.sessionToken }),
    // Only S3 wants it, and there it is not left out even of an empty body.
    ...(scope.service === 's3' ? { 'x-amz-content-sha256': bodyHash } : {}),
  };
  const signed = canonicalHeaders({ ...headers, host: request.host });
  const signature = signatureOf(canonicalRequest(request, scope, { ...signed, bodyHash }), scope, at);
  const credential = `${scope.key.accessKeyId}/${scopeText(scope, at)}`;
  headers.authorization = `${ALGORITHM} Credential=${credential}, SignedHeaders=${signed.names}, Signature=${signature}`;
  return headers;
}

/**
 * Signature Version 4 in the query: gives path and query of a URL that is good for so many seconds without any key.
 * Its body is not signed where the service is S3, and must be empty elsewhere.
 */
export function presignedPath(
  request: Unsigned,
  scope: AwsScope,
  { expiresInS, at = new Date() }: { readonly expiresInS: number; readonly at?: Date },
): string {
  const signed = canonicalHeaders({ ...request.headers, host: request.host });
  const query = [
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${scope.key.accessKeyId}/${scopeText(scope, at)}`],
    ['X-Amz-Date', stampOf(at)],
    ['X-Amz-Expires', String(expiresInS)],
    ...(scope.key.sessionToken === undefined ? [] : [['X-Amz-Security-Token', scope.key.sessionToken]]),
    ['X-Amz-SignedHeaders', signed.names],
  ].map(([name = '', value = '']) => `${name}=${awsEncode(value)}`);
  const path = `${request.path}${request.path.includes('?') ? '&' : '?'}${query.join('&')}`;
  const bodyHash = scope.service === 's3' ? 'UNSIGNED-PAYLOAD' : sha256('');
  const canonical = canonicalRequest({ ...request, path }, scope, { ...signed, bodyHash });
  return `${path}&X-Amz-Signature=${signatureOf(canonical, scope, at)}`;
}

interface SignedParts {
  readonly lines: string;
  readonly names: string;
  readonly bodyHash: string;
}

function canonicalHeaders(headers: Readonly<Record<string, string>>): Omit<SignedParts, 'bodyHash'> {
  const entries = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim().replaceAll(/ +/g, ' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    lines: entries.map(([name, value]) => `${name}:${value}\n`).join(''),
    names: entries.map(([name]) => name).join(';'),
  };
}

/** The text that both sides make of a request. */
function canonicalRequest({ method, path }: Unsigned, { service }: AwsScope, parts: SignedParts): string {
  const [route = '/', query = ''] = path.split(/\?(.*)/s);
  // S3 takes the path as it is sent; all others encode it once more.
  const canonicalPath = service === 's3' ? route : route.split('/').map(awsEncode).join('/');
  const canonicalQuery = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    // By name and then by value: `=` sorts behind characters that a longer name goes on with.
    .map((pair) => pair.split(/=(.*)/s, 2) as [string, string])
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return [method, canonicalPath, canonicalQuery, parts.lines, parts.names, parts.bodyHash].join('\n');
}

function signatureOf(canonical: string, scope: AwsScope, at: Date): string {
  const text = [ALGORITHM, stampOf(at), scopeText(scope, at), sha256(canonical)].join('\n');
  const { key, region, service } = scope;
  const steps = [stampOf(at).slice(0, 8), region, service, 'aws4_request'];
  const signing = steps.reduce<string | Buffer>(
    (secret, step) => hmac(secret, step),
    `AWS4${key.secretAccessKey}`,
  );
  return hmac(signing, text).toString('hex');
}

const scopeText = ({ region, service }: AwsScope, at: Date): string =>
  `${stampOf(at).slice(0, 8)}/${region}/${service}/aws4_request`;

/** `20150830T123600Z`. */
const stampOf = (at: Date): string => at.toISOString().replaceAll(/[-:]|\.\d+/g, '');

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
