import { verify } from 'node:crypto';
import { makeCertificate } from '../support/certificates.js';
import type { NetworkSource } from '../contract/contract-source.js';
import { HttpApiServer, type Reply, type SeenRequest } from './http-api-server.js';

/** A cloud service on loopback: HTTPS alone, under the name that the service has. */
export interface CloudService {
  readonly network: Pick<NetworkSource, 'address'> & { readonly tls: NonNullable<NetworkSource['tls']> };
  /** What it was asked, in order. */
  readonly seen: readonly SeenRequest[];
  stop(): Promise<void>;
}

/** Starts a double of the service at `host`, and one of the same authority that has another name. */
export async function startCloudService(
  host: string,
  answer: (request: SeenRequest) => Reply,
): Promise<CloudService> {
  const commonName = 'Test Authority';
  const authority = makeCertificate({ commonName, authority: true });
  const issuer = { ...authority, commonName };
  const serve = (name: string): Promise<HttpApiServer> =>
    HttpApiServer.start(answer, { server: makeCertificate({ commonName: name, names: [name], issuer }) });
  const [service, other] = [await serve(host), await serve('another-service.example.com')];
  const at = (server: HttpApiServer) => ({ host: server.host, port: server.tlsPort });
  return {
    network: {
      address: at(service),
      tls: {
        address: at(service),
        ca: authority.cert,
        otherCa: makeCertificate({ commonName: 'Other Authority', authority: true }).cert,
        misnamed: at(other),
      },
    },
    seen: service.seen,
    async stop() {
      await Promise.all([service.stop(), other.stop()]);
    },
  };
}

type Claims = Readonly<Record<string, unknown>>;

/** The claims of a JWT with RS256 that this key signed and that holds at this moment; undefined for any other. */
export function claimsOf(token: string, publicKey: string): Claims | undefined {
  const [head = '', body = '', signature = ''] = token.split('.');
  const part = (text: string): Claims => JSON.parse(Buffer.from(text, 'base64url').toString()) as Claims;
  try {
    if (part(head).alg !== 'RS256') return undefined;
    const signed = Buffer.from(`${head}.${body}`);
    if (!verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = part(body);
    const [now, from, until] = [Date.now() / 1_000, Number(claims.iat), Number(claims.exp)];
    return from <= now + 5 && now < until && until - from <= 3_600 ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** One page of a list, where `token` is the index of its first item. */
export function pageOf<T>(
  items: readonly T[],
  size: number,
  token: string | null,
): { page: T[]; next?: string } {
  const from = Number(token ?? 0);
  const page = items.slice(from, from + size);
  return from + size < items.length ? { page, next: String(from + size) } : { page };
}
