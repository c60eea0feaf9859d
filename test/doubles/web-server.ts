import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeTlsMaterial, type TlsMaterial } from '../support/certificates.js';

/** How a web server of the tests behaves. */
export interface WebServerOptions {
  /** The value of the Authorization header that it wants; absent for none. */
  readonly authorization?: string;
  /** Whether it answers ranges, as nearly all do. */
  readonly ranges?: boolean;
  /** Whether it names a version of its files. */
  readonly versions?: boolean;
}

/** Files over HTTP and HTTPS on loopback: ranges, conditions, one login, and redirects below `/moved/`. */
export class WebServer {
  readonly files = new Map<string, Buffer>();
  readonly tls: TlsMaterial = makeTlsMaterial();
  private readonly plain = createServer(this.listener());
  private readonly secure = createTlsServer(
    { cert: this.tls.server.cert, key: this.tls.server.key },
    this.listener(),
  );

  private constructor(private readonly options: WebServerOptions) {}

  static async start(options: WebServerOptions = {}): Promise<WebServer> {
    const server = new WebServer(options);
    for (const part of [server.plain, server.secure])
      await new Promise<void>((resolve) => part.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.plain.address() as AddressInfo).port;
  }

  get tlsPort(): number {
    return (this.secure.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const part of [this.plain, this.secure])
      await new Promise<void>((resolve) => {
        part.close(() => resolve());
        part.closeAllConnections();
      });
  }

  private listener(): RequestListener {
    return (request, response) => {
      const { authorization, ranges = true, versions = true } = this.options;
      const path = decodeURIComponent((request.url ?? '/').slice(1));
      const answer = (status: number, headers: Record<string, string> = {}, body?: Buffer): void => {
        response.writeHead(status, headers).end(body);
      };
      if (authorization !== undefined && !same(request.headers.authorization ?? '', authorization)) {
        answer(401, { 'www-authenticate': 'Basic realm="files"' });
        return;
      }
      if (path.startsWith('moved/')) {
        answer(302, { location: `/${path.slice(6)}` });
        return;
      }
      const file = this.files.get(path);
      if (!file) {
        answer(404);
        return;
      }
      const etag = `"${createHash('md5').update(file).digest('hex')}"`;
      const facts: Record<string, string> = versions ? { etag } : {};
      const wanted = request.headers['if-match'];
      if (wanted !== undefined && wanted !== etag) {
        answer(412);
        return;
      }
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      if (!range || !ranges) {
        answer(200, { ...facts, 'content-length': String(file.length) }, file);
        return;
      }
      const [first, last] = [Number(range[1]), Math.min(Number(range[2]), file.length - 1)];
      if (first >= file.length) {
        answer(416, { 'content-range': `bytes */${String(file.length)}` });
        return;
      }
      const part = file.subarray(first, last + 1);
      answer(
        206,
        {
          ...facts,
          'content-length': String(part.length),
          'content-range': `bytes ${String(first)}-${String(last)}/${String(file.length)}`,
        },
        part,
      );
    };
  }
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
