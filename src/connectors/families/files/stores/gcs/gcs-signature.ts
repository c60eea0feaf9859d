import { createHash, createSign } from 'node:crypto';
import type { GoogleAccount } from '../../../http/google-account.js';
import { awsEncode, awsPath } from '../../../http/aws-signature.js';

interface SignedObject {
  /** As the Host header will say. */
  readonly host: string;
  readonly bucket: string;
  readonly name: string;
}

const ALGORITHM = 'GOOG4-RSA-SHA256';

/** Path and query of a URL that reads an object for so many seconds, signed by the key of the account (version 4). */
export function gcsSignedPath(
  object: SignedObject,
  account: GoogleAccount | undefined,
  { expiresInS, at = new Date() }: { readonly expiresInS: number; readonly at?: Date },
): string {
  const path = awsPath([object.bucket, ...object.name.split('/')]);
  if (!account) return path;
  const { query, text } = gcsTextToSign({ host: object.host, path }, account.email, { expiresInS, at });
  const signature = createSign('RSA-SHA256').update(text).sign(account.privateKey, 'hex');
  return `${path}?${query}&X-Goog-Signature=${signature}`;
}

/** What a signature is made over, and the query that it is put behind. */
export function gcsTextToSign(
  { host, path }: { readonly host: string; readonly path: string },
  email: string,
  { expiresInS, at }: { readonly expiresInS: number; readonly at: Date },
): { query: string; text: string } {
  const stamp = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/auto/storage/goog4_request`;
  const query = [
    ['X-Goog-Algorithm', ALGORITHM],
    ['X-Goog-Credential', `${email}/${scope}`],
    ['X-Goog-Date', stamp],
    ['X-Goog-Expires', String(expiresInS)],
    ['X-Goog-SignedHeaders', 'host'],
  ]
    .map(([name = '', value = '']) => `${name}=${awsEncode(value)}`)
    .join('&');
  const canonical = ['GET', path, query, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  return { query, text: [ALGORITHM, stamp, scope, hash].join('\n') };
}
