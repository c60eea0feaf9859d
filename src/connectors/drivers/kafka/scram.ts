import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { AppError } from '../../../common/app-error.js';

const derive = promisify(pbkdf2);

/** Less is no protection; more is a server that keeps us busy. */
const ITERATIONS = { min: 4_096, max: 1_000_000 };

/** The client's side of SCRAM (RFC 5802), which proves the password without telling it, and has the server prove it too. */
export class ScramClient {
  private signature: Buffer | undefined;

  constructor(
    private readonly digest: 'sha256' | 'sha512',
    private readonly username: string,
    private readonly password: string,
    private readonly nonce = randomBytes(24).toString('base64'),
  ) {}

  get first(): string {
    return `n,,${this.bare}`;
  }

  /** @throws AppError AUTH_FAILED, PROTOCOL. */
  async final(serverFirst: string): Promise<string> {
    const { r: nonce = '', s: salt = '', i: iterations = '' } = fieldsOf(serverFirst);
    const count = Number(iterations);
    const fits = nonce.length > this.nonce.length && nonce.startsWith(this.nonce) && salt !== '';
    if (!fits || !(count >= ITERATIONS.min && count <= ITERATIONS.max) || !/^\d{4,7}$/.test(iterations))
      throw new AppError('PROTOCOL', 'The broker asks for a login that is not safe.');
    const size = this.digest === 'sha256' ? 32 : 64;
    const salted = await derive(
      this.password.normalize('NFKC'),
      Buffer.from(salt, 'base64'),
      count,
      size,
      this.digest,
    );
    const clientKey = this.hmac(salted, 'Client Key');
    const stored = createHash(this.digest).update(clientKey).digest();
    const withoutProof = `c=biws,r=${nonce}`;
    const message = `${this.bare},${serverFirst},${withoutProof}`;
    const proof = this.hmac(stored, message).map((byte, at) => byte ^ (clientKey[at] ?? 0));
    this.signature = this.hmac(this.hmac(salted, 'Server Key'), message);
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** A server that does not know the password is not the one that was meant. */
  verify(serverFinal: string): void {
    const given = Buffer.from(fieldsOf(serverFinal).v ?? '', 'base64');
    const expected = this.signature ?? Buffer.alloc(0);
    if (given.length === 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new AppError('AUTH_FAILED', 'The broker could not prove that it knows the password.');
  }

  private get bare(): string {
    const name = this.username.normalize('NFKC').replaceAll('=', '=3D').replaceAll(',', '=2C');
    return `n=${name},r=${this.nonce}`;
  }

  private hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.digest, key).update(text).digest();
  }
}

/** `r=…,s=…,i=…`; only the first letter names a field. */
function fieldsOf(text: string): Partial<Record<string, string>> {
  return Object.fromEntries(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
