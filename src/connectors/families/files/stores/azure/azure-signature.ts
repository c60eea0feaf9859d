import { createHmac } from 'node:crypto';

/** A GET before it is signed by the key of an account. */
interface AzureRequest {
  readonly account: string;
  /** Path and query as they are sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The value of the Authorization header of a GET, by Shared Key. */
export function sharedKeyOf({ account, path, headers }: AzureRequest, key: Buffer): string {
  const { 'if-match': ifMatch = '' } = headers;
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-ms-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  // Method, then encoding, language, length, MD5, type and date, which a GET does not have; If-Match is the second one behind.
  const text = [
    'GET',
    '',
    '',
    '',
    '',
    '',
    '',
    '',
    ifMatch,
    '',
    '',
    '',
    `${own.join('')}${resourceOf(account, path)}`,
  ];
  return `SharedKey ${account}:${hmac(key, text.join('\n'))}`;
}

function resourceOf(account: string, path: string): string {
  const [route = '', query = ''] = path.split(/\?(.*)/s);
  const lines = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s).map(decodeURIComponent);
      return [name.toLowerCase(), value] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`);
  return `/${account}${route}${lines.join('')}`;
}

interface SharedBlob {
  readonly account: string;
  readonly container: string;
  readonly name: string;
  readonly expires: Date;
  /** Whether the URL may only be used with TLS. */
  readonly secure: boolean;
}

/** A version of the service that all clouds and emulators know; it says how signatures are made. */
export const AZURE_VERSION = '2021-12-02';

/** The query of a URL that reads one blob until it expires: a service SAS, signed by the key of the account. */
export function blobSas({ account, container, name, expires, secure }: SharedBlob, key: Buffer): string {
  const until = expires.toISOString().replace(/\.\d+Z$/, 'Z');
  const protocol = secure ? 'https' : 'https,http';
  const text = [
    'r',
    '',
    until,
    `/blob/${account}/${container}/${name}`,
    // Stored policy, addresses.
    '',
    '',
    protocol,
    AZURE_VERSION,
    'b',
    // Snapshot, encryption scope, and five headers of the answer.
    ...['', '', '', '', '', '', ''],
  ].join('\n');
  return new URLSearchParams({
    sv: AZURE_VERSION,
    se: until,
    sr: 'b',
    sp: 'r',
    spr: protocol,
    sig: hmac(key, text),
  }).toString();
}

const hmac = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text, 'utf8').digest('base64');
