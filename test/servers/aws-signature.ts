import { createHash, createHmac } from 'node:crypto';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** What is signed of a request; header names are lower case. The path is as sent, the query is none. */
export interface SignedParts {
  readonly method: string;
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Date, region, service and `aws4_request`, joined by slashes. */
  readonly scope: string;
}

/** The AWS Signature Version 4 over exactly the headers given, of which `x-amz-date` is one. */
export function awsSignature(parts: SignedParts, secretKey: string): string {
  const names = Object.keys(parts.headers).sort();
  const headers = names.map((name) => `${name}:${parts.headers[name]?.trim() ?? ''}\n`).join('');
  const asked = [parts.method, parts.path, '', headers, names.join(';'), sha256(parts.body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', parts.headers['x-amz-date'], parts.scope, sha256(asked)].join('\n');
  const key = parts.scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretKey}`);
  return hmac(key, text).toString('hex');
}
