import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate with its key, both as PEM text. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Common name; for a server also put its names into `names`. */
  readonly commonName: string;
  /** DNS names and IP addresses of the subject. */
  readonly names?: readonly string[];
  /** Who signs; absent for a self-signed one. */
  readonly issuer?: Certificate & { readonly commonName: string };
  readonly authority?: boolean;
  /** An RSA key: servers of 2019 and before may not know elliptic curves. */
  readonly rsa?: boolean;
  /** Days from now; negative for an expired one. */
  readonly days?: number;
}

// DER: just enough of X.509 for test servers, so that the tests need no openssl.
const tlv = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, Math.floor(size / 256), size % 256];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: Uint8Array[]): Buffer => tlv(0x30, ...parts);
const octets = (...parts: Uint8Array[]): Buffer => tlv(0x04, ...parts);
const bits = (body: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), body);
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

const nameOf = (commonName: string): Buffer =>
  sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(commonName)))));

const timeOf = (at: Date): Buffer =>
  tlv(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

function altName(name: string): Buffer {
  if (isIP(name) === 4) return tlv(0x87, Buffer.from(name.split('.').map(Number)));
  return tlv(0x82, Buffer.from(name));
}

const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octets(value));

const keyId = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();

const pemOf = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

const DAY_MS = 86_400_000;

/** Makes an X.509 certificate with a fresh key, of P-256 unless RSA is asked for. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { privateKey, publicKey } = options.rsa
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const end = new Date(Date.now() + (options.days ?? 30) * DAY_MS);
  const start = new Date(Math.min(Date.now(), end.getTime()) - DAY_MS);
  const extensions = [
    extension('2.5.29.14', octets(keyId(publicKey))),
    extension('2.5.29.19', options.authority ? sequence(TRUE) : sequence(), true),
    // Signing of certificates and lists, or digital signatures.
    extension(
      '2.5.29.15',
      options.authority ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0x80]), 7),
      true,
    ),
  ];
  if (!options.authority)
    extensions.push(extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))));
  if (options.names) extensions.push(extension('2.5.29.17', sequence(...options.names.map(altName))));
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(12)])),
    ECDSA_SHA256,
    nameOf(options.issuer?.commonName ?? options.commonName),
    sequence(timeOf(start), timeOf(end)),
    nameOf(options.commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signer = options.issuer ? createPrivateKey(options.issuer.key) : privateKey;
  return {
    cert: pemOf(sequence(body, ECDSA_SHA256, bits(sign('sha256', body, signer)))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** What the TLS of a test server consists of; all PEM text. */
export interface TlsMaterial {
  /** The authority that signed the server and the client. */
  readonly ca: string;
  /** An authority that signed nothing here: trusting only it must fail. */
  readonly otherCa: string;
  /** Names: localhost and 127.0.0.1, and those that were asked for. */
  readonly server: Certificate;
  readonly client: Certificate;
}

/** A private authority with a server certificate for loopback and a client certificate. */
export function makeTlsMaterial(
  names: readonly string[] = [],
  { rsa = false }: Pick<CertificateOptions, 'rsa'> = {},
): TlsMaterial {
  const commonName = 'Test Authority';
  const authority = makeCertificate({ commonName, authority: true });
  const issuer = { ...authority, commonName };
  return {
    ca: authority.cert,
    otherCa: makeCertificate({ commonName: 'Other Authority', authority: true }).cert,
    server: makeCertificate({
      commonName: 'localhost',
      names: ['localhost', '127.0.0.1', ...names],
      issuer,
      rsa,
    }),
    client: makeCertificate({ commonName: 'test-client', issuer }),
  };
}
