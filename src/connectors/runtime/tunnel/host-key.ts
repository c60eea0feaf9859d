import { createHash } from 'node:crypto';

/** The key of an SSH server as people compare it. */
export interface HostKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** As OpenSSH writes it: `SHA256:` and 43 characters. */
  readonly fingerprint: string;
}

/** @param blob a public key in the form of the wire, which begins with its type. */
export function describeKey(blob: Buffer): HostKey {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  // The server chooses these bytes, and they are shown.
  const type = blob.toString('latin1', 4, 4 + Math.min(length, 64)).replace(/[^\w@.-]/g, '?');
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { type, fingerprint: `SHA256:${digest}` };
}

/** Whether a key is the pinned one; the pin is a fingerprint or a line of known_hosts. */
export function isPinned(pin: string, blob: Buffer): boolean {
  const line = lineOf(pin);
  const wanted = line
    ? describeKey(Buffer.from(line.key, 'base64')).fingerprint
    : pin.trim().replace(/=$/, '');
  return wanted === describeKey(blob).fingerprint;
}

/**
 * The algorithms to ask an SSH server for, so that of its several keys it shows the pinned one; undefined where the pin does
 * not tell, and the server is asked as it was when its fingerprint was first seen.
 */
export function algorithmsOf(pin: string | undefined): string[] | undefined {
  const type = pin === undefined ? undefined : lineOf(pin)?.type;
  if (type === undefined) return undefined;
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
}

function lineOf(pin: string): { type: string; key: string } | undefined {
  const [, type, key] = /(?:^|\s)(ssh-\w+|ecdsa-sha2-\w+) ([A-Za-z0-9+/]+=*)/.exec(pin) ?? [];
  return type === undefined || key === undefined ? undefined : { type, key };
}
