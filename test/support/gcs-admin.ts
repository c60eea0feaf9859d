import type { GcsTestServer } from '../servers/server-types.js';

/** Writes to a test server of Google Cloud Storage what the product, which only reads, is to find there. */
export class GcsAdmin {
  constructor(private readonly server: GcsTestServer) {}

  /** The connection's fields for it, without a bucket. */
  get connection() {
    const { host, port, tls } = this.server;
    return { host, port, service_account: this.keyFile(), tls: { mode: 'disable' as const, ca: tls.ca } };
  }

  /** The key file, with changes; Google's own token endpoint stands in it. */
  keyFile(changes: Readonly<Record<string, string>> = {}): string {
    const token_uri = 'https://oauth2.googleapis.com/token';
    return JSON.stringify({ ...this.server.serviceAccount, token_uri, ...changes });
  }

  async createBucket(name: string, facts: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.send('/storage/v1/b?project=test-project', JSON.stringify({ name, ...facts }));
  }

  async put(bucket: string, name: string, body: string | Uint8Array): Promise<void> {
    const query = new URLSearchParams({ uploadType: 'media', name }).toString();
    await this.send(`/upload/storage/v1/b/${bucket}/o?${query}`, body);
  }

  private async send(path: string, body: string | Uint8Array): Promise<void> {
    const { host, port, token } = this.server;
    const answer = await fetch(`http://${host}:${String(port)}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: Buffer.from(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}
