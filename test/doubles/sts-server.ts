import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { signedHeaders, type AwsKey } from '../../src/connectors/families/http/aws-signature.js';

export interface StsOptions {
  readonly key: AwsKey;
  readonly role: string;
  readonly externalId: string;
}

const TEMPORARY: AwsKey = {
  accessKeyId: 'ASIATEMPORARY',
  secretAccessKey: 'temporary-secret',
  sessionToken: 'temporary-token',
};

/**
 * The token service of AWS and one object of S3 on loopback: AssumeRole with the right key, role and external ID gives keys
 * for an hour, and only those read the object. Signatures are made again and compared.
 */
export class StsServer {
  asked = 0;
  readonly body = Buffer.from('id,kind\n1,a\n');
  private readonly server: Server;

  private constructor(private readonly options: StsOptions) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(options: StsOptions): Promise<StsServer> {
    const made = new StsServer(options);
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const send = (status: number, xml: string): void => {
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
    };
    const refuse = (code: string): void => {
      send(403, `<ErrorResponse><Error><Code>${code}</Code></Error></ErrorResponse>`);
    };
    if (request.method === 'POST') {
      this.asked += 1;
      if (!isSigned(request, body, { key: this.options.key, service: 'sts' })) {
        refuse('SignatureDoesNotMatch');
        return;
      }
      const form = new URLSearchParams(body);
      const known =
        form.get('Action') === 'AssumeRole' &&
        form.get('RoleArn') === this.options.role &&
        form.get('ExternalId') === this.options.externalId;
      if (!known) {
        refuse('AccessDenied');
        return;
      }
      send(
        200,
        `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${TEMPORARY.accessKeyId}</AccessKeyId>` +
          `<SecretAccessKey>${TEMPORARY.secretAccessKey}</SecretAccessKey><SessionToken>${TEMPORARY.sessionToken ?? ''}</SessionToken>` +
          `<Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      );
      return;
    }
    if (!isSigned(request, body, { key: TEMPORARY, service: 's3' })) {
      refuse('InvalidToken');
      return;
    }
    const range = `bytes 0-${String(this.body.length - 1)}/${String(this.body.length)}`;
    response.writeHead(206, { etag: '"1"', 'content-range': range }).end(this.body);
  }
}

/** Makes the signature again with the secret that should have made it. */
function isSigned(
  { method = '', url = '', headers }: IncomingMessage,
  body: string,
  { key, service }: { readonly key: AwsKey; readonly service: string },
): boolean {
  const { authorization = '', host = '' } = headers;
  const stamp = String(headers['x-amz-date']);
  const at = new Date(stamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  const own = ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'];
  const [, names = ''] = /SignedHeaders=([^,]*)/.exec(authorization) ?? [];
  const more = names.split(';').filter((name) => !own.includes(name));
  const signed = signedHeaders(
    {
      method,
      host,
      path: url,
      headers: Object.fromEntries(more.map((name) => [name, String(headers[name])])),
      body,
    },
    { key, region: 'us-east-1', service },
    at,
  );
  return (
    signed.authorization === authorization &&
    headers['x-amz-security-token'] === signed['x-amz-security-token']
  );
}
