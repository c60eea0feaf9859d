import { createHash, createHmac, sign } from 'node:crypto';
import { request } from 'node:https';
import { awsSignature } from '../servers/aws-signature.js';
import type { ServiceAccountKey } from '../servers/server-types.js';

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
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
    'x-amz-date': at,
  };
  const scope = `${at.slice(0, 8)}/${region}/${service}/aws4_request`;
  const signature = awsSignature({ method, path: url.pathname, body, headers, scope }, request.secretKey);
  const names = Object.keys(headers).sort().join(';');
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${request.accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return fetch(url, { method, headers, ...(body === '' ? {} : { body }) });
}

const base64Hmac = (key: string, text: string): string =>
  createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');

/** Lists the containers of an Azure storage account under its shared key. */
export function fetchAzureContainers(endpoint: string, account: string, key: string): Promise<Response> {
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2021-08-06' };
  const canonical = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  // Eleven standard headers that are not sent, then ours, then the path with the account twice, as emulators have it.
  const text = `GET${'\n'.repeat(12)}${canonical.join('')}/${account}/${account}\ncomp:list`;
  const authorization = `SharedKey ${account}:${base64Hmac(key, text)}`;
  return fetch(`${endpoint}?comp=list`, { headers: { ...headers, authorization } });
}

/** Exchanges a JWT, signed by the account's key, for an access token; '' where it is refused. */
export async function fetchGoogleToken(account: ServiceAccountKey): Promise<string> {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: account.client_email, aud: account.token_uri, iat: now, exp: now + 600 };
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(text), account.private_key).toString('base64url');
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${text}.${signature}`,
  });
  const answer = await fetch(account.token_uri, { method: 'POST', body });
  return answer.ok ? ((await answer.json()) as { access_token: string }).access_token : '';
}

/** The HTTP status of a list of the databases of a Cosmos DB account. */
export function listCosmosDatabases(at: { port: number; ca: string }, key: string): Promise<number> {
  const date = new Date().toUTCString();
  const signature = base64Hmac(key, `get\ndbs\n\n${date.toLowerCase()}\n\n`);
  const authorization = encodeURIComponent(`type=master&ver=1.0&sig=${signature}`);
  const headers = { authorization, 'x-ms-date': date, 'x-ms-version': '2020-07-15' };
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', ...at, path: '/dbs', headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}
