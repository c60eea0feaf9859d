import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { AppError } from '../../../common/app-error.js';

const stretch = promisify(pbkdf2);
/** A server names the number of rounds: few give the password away, and very many are an attack on us. */
const MIN_ROUNDS = 4_096;
const MAX_ROUNDS = 1_000_000;

export type ScramHash = 'sha256' | 'sha1';

/** The client's part of SCRAM (RFC 5802, RFC 7677) without channel binding, as MongoDB speaks it. */
export class Scram {
  private readonly nonce = randomBytes(24).toString('base64');
  private readonly first: string;
  private expected: Buffer | undefined;

  constructor(
    private readonly hash: ScramHash,
    username: string,
    private readonly password: string,
  ) {
    this.first = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${this.nonce}`;
    // MongoDB stretches a digest where the hash is SHA-1.
    if (hash === 'sha1')
      this.password = createHash('md5').update(`${username}:mongo:${password}`).digest('hex');
    else this.password = password.normalize('NFKC');
  }

  begin(): string {
    return `n,,${this.first}`;
  }

  /** @throws AppError PROTOCOL for an answer that is not the server's part. */
  async answer(challenge: string): Promise<string> {
    const { r: nonce = '', s: salt = '', i: rounds = '' } = parts(challenge);
    const count = Number(rounds);
    if (!nonce.startsWith(this.nonce) || nonce === this.nonce || salt === '')
      throw new AppError('PROTOCOL', 'The server does not take part in the login as it should.');
    if (!Number.isInteger(count) || count < MIN_ROUNDS || count > MAX_ROUNDS)
      throw new AppError('PROTOCOL', 'The server asks for a login with too few or too many rounds.');
    const size = this.hash === 'sha256' ? 32 : 20;
    const salted = await stretch(this.password, Buffer.from(salt, 'base64'), count, size, this.hash);
    const clientKey = this.hmac(salted, 'Client Key');
    const final = `c=biws,r=${nonce}`;
    const signed = [this.first, challenge, final].join(',');
    const signature = this.hmac(createHash(this.hash).update(clientKey).digest(), signed);
    this.expected = this.hmac(this.hmac(salted, 'Server Key'), signed);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
    return `${final},p=${proof.toString('base64')}`;
  }

  /** The server proves in turn that it knows the password. @throws AppError PROTOCOL where it does not. */
  verify(final: string): void {
    const given = Buffer.from(parts(final).v ?? '', 'base64');
    if (given.length !== this.expected?.length || !timingSafeEqual(given, this.expected))
      throw new AppError('PROTOCOL', 'The server did not prove that it knows the password.');
  }

  private hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.hash, key).update(text).digest();
  }
}

function parts(message: string): Record<string, string | undefined> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
