import { createHash, generateKeyPairSync, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Refusal } from './front.js';
import type { ServiceAccountKey } from './server-types.js';

const json = (status: number, body: unknown): Refusal => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** One service account of Google's, as far as an object store sees it: access tokens, and URLs signed by its key. */
export class ServiceAccount {
  /** An access token that is good for the life of the server. */
  readonly token = `ya29.${randomBytes(24).toString('base64url')}`;
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly email = 'tester@test-project.iam.gserviceaccount.com';

  /** The key file as Google hands it out, with the token endpoint of this server. */
  keyFile(tokenUri: string): ServiceAccountKey {
    return {
      type: 'service_account',
      project_id: 'test-project',
      private_key_id: randomBytes(20).toString('hex'),
      private_key: this.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: this.email,
      client_id: '100000000000000000000',
      token_uri: tokenUri,
    };
  }

  /** Answers `POST /token` itself, and refuses what carries neither the token nor a signature of the account. */
  answer(request: IncomingMessage, body: Buffer): Refusal | undefined {
    const url = new URL(request.url ?? '/', 'http://gcs');
    if (request.method === 'POST' && url.pathname === '/token') return this.exchange(body.toString());
    if (url.searchParams.has('X-Goog-Signature')) return this.refusalOfUrl(request, url);
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${this.token}`);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return undefined;
    const message = given.length === 0 ? 'Anonymous caller does not have access.' : 'Invalid Credentials';
    return json(401, { error: { code: 401, message, errors: [{ reason: 'authError', message }] } });
  }

  /** A JWT signed by the account's key against an access token. */
  private exchange(form: string): Refusal {
    const [head = '', claims = '', signature = ''] = (new URLSearchParams(form).get('assertion') ?? '').split(
      '.',
    );
    const signed = Buffer.from(`${head}.${claims}`);
    if (!verify('sha256', signed, this.keys.publicKey, Buffer.from(signature, 'base64url')))
      return json(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
    const { iss, exp = 0 } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
      iss?: string;
      exp?: number;
    };
    if (iss !== this.email || exp * 1_000 < Date.now())
      return json(400, {
        error: 'invalid_grant',
        error_description: 'Invalid JWT: unknown issuer, or expired.',
      });
    return json(200, { access_token: this.token, expires_in: 3_600, token_type: 'Bearer' });
  }

  /** Signed URLs of version 4. */
  private refusalOfUrl(request: IncomingMessage, url: URL): Refusal | undefined {
    const of = (name: string): string => url.searchParams.get(`X-Goog-${name}`) ?? '';
    const [, path = '', query = ''] = /^([^?]*)\??(.*)$/.exec(request.url ?? '') ?? [];
    const names = of('SignedHeaders').split(';');
    const canonical = [
      request.method,
      path,
      query
        .split('&')
        .filter((part) => !part.startsWith('X-Goog-Signature='))
        .sort()
        .join('&'),
      ...names.map((name) => `${name}:${String(request.headers[name] ?? '')}`),
      '',
      names.join(';'),
      'UNSIGNED-PAYLOAD',
    ].join('\n');
    const scope = of('Credential').split('/').slice(1).join('/');
    const hash = createHash('sha256').update(canonical).digest('hex');
    const text = Buffer.from(['GOOG4-RSA-SHA256', of('Date'), scope, hash].join('\n'));
    const at = Date.parse(of('Date').replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
    const good = verify('sha256', text, this.keys.publicKey, Buffer.from(of('Signature'), 'hex'));
    if (good && at + Number(of('Expires')) * 1_000 > Date.now()) return undefined;
    const code = good ? 'ExpiredToken' : 'SignatureDoesNotMatch';
    return {
      status: good ? 400 : 403,
      headers: { 'content-type': 'application/xml' },
      body: `<Error><Code>${code}</Code></Error>`,
    };
  }
}
