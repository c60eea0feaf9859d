import { createHmac } from 'node:crypto';
import { awsPath } from '../../src/connectors/families/http/aws-signature.js';
import type { AzureBlobTestServer } from '../servers/server-types.js';

const VERSION = '2021-12-02';

/** Writes to a test server of Azure Blob Storage what the product, which only reads, is to find there. */
export class AzureAdmin {
  constructor(private readonly server: AzureBlobTestServer) {}

  /** The connection's fields for it, without a container. */
  get connection() {
    const { host, port, account, accountKey } = this.server;
    return { host, port, account, account_key: accountKey, tls: { mode: 'disable' as const } };
  }

  async createContainer(name: string, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
    const headers = Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [`x-ms-meta-${key}`, value]),
    );
    await this.send(awsPath([this.server.account, name], { restype: 'container' }), '', headers);
  }

  async put(container: string, name: string, body: string | Uint8Array): Promise<void> {
    const path = awsPath([this.server.account, container, ...name.split('/')]);
    await this.send(path, body, { 'x-ms-blob-type': 'BlockBlob' });
  }

  private async send(
    path: string,
    body: string | Uint8Array,
    more: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { host, port, account, accountKey } = this.server;
    const bytes = Buffer.from(body);
    const own: Record<string, string> = {
      ...more,
      'x-ms-version': VERSION,
      'x-ms-date': new Date().toUTCString(),
    };
    const [route = '', query = ''] = path.split('?');
    const text = [
      ...['PUT', '', '', bytes.length === 0 ? '' : String(bytes.length), '', '', '', '', '', '', '', ''],
      ...Object.keys(own)
        .sort()
        .map((name) => `${name}:${own[name] ?? ''}`),
      `/${account}${route}${query === '' ? '' : `\n${query.replace('=', ':')}`}`,
    ].join('\n');
    const signature = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text).digest('base64');
    const answer = await fetch(`http://${host}:${String(port)}${path}`, {
      method: 'PUT',
      headers: { ...own, authorization: `SharedKey ${account}:${signature}` },
      body: bytes,
    });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}
