import { randomBytes } from 'node:crypto';

/** A secret that occurs nowhere else. */
export interface Canary {
  readonly name: string;
  readonly value: string;
}

/** Makes secrets and searches for them, in plain and in the spellings that leaks take. */
export class Canaries {
  private readonly all: Canary[] = [];

  /** A new secret: letters and digits alone, so that no escaping can hide it. */
  make(name: string): string {
    return this.watch(name, `canary${randomBytes(15).toString('hex')}`);
  }

  /** Watches a secret that was made elsewhere. */
  watch(name: string, value: string): string {
    this.all.push({ name, value });
    return value;
  }

  /** Names of the secrets that are in the text, each with the spelling that was found. */
  in(text: string): string[] {
    const lower = text.toLowerCase();
    return this.all.flatMap(({ name, value }) =>
      Object.entries(spellings(value))
        .filter(([spelling, needle]) => (spelling === 'hex' ? lower : text).includes(needle))
        .map(([spelling]) => `${name} (${spelling})`),
    );
  }
}

function spellings(value: string): Record<string, string> {
  const bytes = Buffer.from(value);
  return {
    plain: value,
    uri: encodeURIComponent(value),
    hex: bytes.toString('hex'),
    utf16: bytes.toString('utf16le'),
    // Base64 depends on where in a longer text the secret begins: the middle of each of the three alignments.
    ...Object.fromEntries([0, 1, 2].map((shift) => [`base64 +${String(shift)}`, base64Core(bytes, shift)])),
    reversed: Array.from(value).reverse().join(''),
  };
}

function base64Core(bytes: Buffer, shift: number): string {
  const shifted = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  return shifted.slice(4, 4 * Math.floor((bytes.length + shift) / 3));
}
