import { createHash, createHmac } from 'node:crypto';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export interface AwsRequest {
  readonly url: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly service: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Sends a request under an AWS Signature Version 4; the URL has no query. */
export function fetchAws(request: AwsRequest): Promise<Response> {
  const { method = 'GET', body = '', service, region } = request;
  const url = new URL(request.url);
  const at = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const hash = sha256(body);
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-content-sha256': hash,
    'x-amz-date': at,
  };
  const names = Object.keys(headers).sort();
  const canonical = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const scope = `${at.slice(0, 8)}/${region}/${service}/aws4_request`;
  const asked = [method, url.pathname, '', canonical, names.join(';'), hash].join('\n');
  const text = ['AWS4-HMAC-SHA256', at, scope, sha256(asked)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${request.secretKey}`);
  const signature = hmac(key, text).toString('hex');
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${request.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return fetch(url, { method, headers, ...(body === '' ? {} : { body }) });
}
