import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DevelopmentSecrets {
  readonly appSecret: string;
  readonly jwtSecret: string;
}

/**
 * The secrets of a development installation: made once, kept in `secrets.json` (mode 0600) of the data folder. Two
 * processes that start together get the same ones: the file appears whole, and only one of them can make it.
 */
export function developmentSecrets(dataDir: string): DevelopmentSecrets {
  const file = join(dataDir, 'secrets.json');
  const existing = readSecrets(file);
  if (existing) return existing;
  mkdirSync(dataDir, { recursive: true });
  const made = {
    appSecret: randomBytes(48).toString('base64url'),
    jwtSecret: randomBytes(48).toString('base64url'),
  };
  const draft = `${file}.${String(process.pid)}`;
  writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch {
    // Another process was first: its secrets are the ones.
  } finally {
    rmSync(draft, { force: true });
  }
  return readSecrets(file) ?? made;
}

function readSecrets(file: string): DevelopmentSecrets | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DevelopmentSecrets;
  } catch {
    return undefined;
  }
}
