import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2 from 'ssh2';

export interface KeyTask {
  readonly key: string;
  readonly passphrase?: string;
}

/** A key without a passphrase that ssh2 reads at no cost, and its public half as a line of authorized_keys has it. */
export type KeyResult =
  | { readonly ok: true; readonly key: string; readonly publicKey: string }
  | { readonly ok: false; readonly reason: 'passphrase_missing' | 'passphrase_wrong' | 'unreadable' };

/** Decrypts a private key: in a thread, as bcrypt in JavaScript takes a second. Never throws: an error could quote the key. */
export default function readKey({ key, passphrase }: KeyTask): KeyResult {
  try {
    const text = key.includes('-----BEGIN PRIVATE KEY-----') ? fromPkcs8(createPrivateKey(key)) : key;
    const parsed = ssh2.utils.parseKey(text, passphrase);
    if (parsed instanceof Error) return { ok: false, reason: reasonOf(parsed.message, passphrase) };
    if (!parsed.isPrivateKey()) return { ok: false, reason: 'unreadable' };
    const publicKey = `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
    const plain =
      parsed.type === 'ssh-ed25519'
        ? fromPkcs8(createPrivateKey(parsed.getPrivatePEM()))
        : parsed.getPrivatePEM();
    return { ok: true, key: plain, publicKey };
  } catch {
    return { ok: false, reason: 'unreadable' };
  }
}

function reasonOf(
  message: string,
  passphrase: string | undefined,
): 'passphrase_missing' | 'passphrase_wrong' | 'unreadable' {
  if (/no passphrase given/i.test(message)) return 'passphrase_missing';
  return passphrase !== undefined && /bad passphrase|integrity check|decrypt/i.test(message)
    ? 'passphrase_wrong'
    : 'unreadable';
}

/** ssh2 reads no PKCS#8: RSA and EC keys have an older form, Ed25519 has that of OpenSSH alone. */
function fromPkcs8(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }) as string;
  if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }) as string;
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const [open, secret] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  const type = field(Buffer.from('ssh-ed25519'));
  const publicKey = Buffer.concat([type, field(open)]);
  const secrets = Buffer.concat([
    Buffer.alloc(8),
    publicKey,
    field(Buffer.concat([secret, open])),
    field(Buffer.alloc(0)),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secrets.length % 8)) % 8 }, (_, at) => at + 1));
  const none = field(Buffer.from('none'));
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    none,
    none,
    field(Buffer.alloc(0)),
    Buffer.from([0, 0, 0, 1]),
    field(publicKey),
    field(Buffer.concat([secrets, padding])),
  ]);
  const lines = body.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** A string of the SSH protocol: its length, then its bytes. */
function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
