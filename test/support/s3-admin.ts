import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { awsPath, signedHeaders } from '../../src/connectors/families/http/aws-signature.js';
import type { AwsTestServer } from '../servers/server-types.js';

/** Writes to a test server of S3 what the product, which only reads, is to find there. */
export class S3Admin {
  constructor(private readonly server: AwsTestServer) {}

  /** The connection's fields for it, without a bucket. */
  get connection() {
    const { host, port, region, accessKey, secretKey } = this.server;
    return {
      host,
      port,
      region,
      access_key_id: accessKey,
      secret_access_key: secretKey,
      tls: { mode: 'disable' as const },
    };
  }

  async createBucket(bucket: string): Promise<void> {
    await this.send('PUT', awsPath([bucket]));
  }

  async put(bucket: string, key: string, body: string | Uint8Array): Promise<void> {
    await this.send('PUT', awsPath([bucket, ...key.split('/')]), body);
  }

  async remove(bucket: string, key: string): Promise<void> {
    await this.send('DELETE', awsPath([bucket, ...key.split('/')]));
  }

  /** Sets a part of the configuration of a bucket, such as `versioning` or `policy`. */
  async configure(bucket: string, part: string, body: string): Promise<void> {
    await this.send('PUT', `${awsPath([bucket])}?${part}`, body);
  }

  async send(method: string, path: string, body: string | Uint8Array = ''): Promise<string> {
    const { host, port, region, accessKey, secretKey } = this.server;
    const address = `${host}:${String(port)}`;
    const headers = signedHeaders(
      {
        method,
        host: address,
        path,
        headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
        body,
      },
      { key: { accessKeyId: accessKey, secretAccessKey: secretKey }, region, service: 's3' },
    );
    // Not fetch(), which would resolve a key such as `../x`.
    const sent = request({ host, port, method, path, headers });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const reply = await text(answer);
    const { statusCode: status = 0 } = answer;
    if (status >= 300) throw new Error(`${method} ${path}: ${String(status)} ${reply}`);
    return reply;
  }
}
