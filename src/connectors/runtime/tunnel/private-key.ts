import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { AppError } from '../../../common/app-error.js';
import type { KeyResult, KeyTask } from './private-key-thread.js';
import { TunnelFault } from './tunnel-config.js';

const MAX_BYTES = 65_536;
/** Of bcrypt: ssh-keygen takes 16 or 24 unless told, and JavaScript about 50 ms for each. */
const MAX_ROUNDS = 64;
/** Keys that may wait for the one thread. */
const MAX_QUEUE = 64;

/** What people do with a key that is not read. */
const REWRITE = 'Write the key anew, with `ssh-keygen -p -a 16 -f <file>`, and send the text of that file.';

let pool: Promise<Piscina> | undefined;

async function startPool(): Promise<Piscina> {
  const started = new Piscina({
    filename: await threadFile(),
    minThreads: 0,
    maxThreads: 1,
    maxQueue: MAX_QUEUE,
    idleTimeout: 10_000,
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
    env: {},
    execArgv: [],
    recordTiming: false,
  });
  // A thread that dies without a task; the next task starts another one.
  started.on('error', () => undefined);
  return started;
}

/** The built thread beside this file, or one made from source where TypeScript is run as it is, as Jest does. */
async function threadFile(): Promise<string> {
  if (!import.meta.url.endsWith('.ts')) return new URL('./private-key-thread.js', import.meta.url).href;
  const { builtFromSource } = await import('../../families/files/worker/from-source.js');
  return builtFromSource(fileURLToPath(new URL('./private-key-thread.ts', import.meta.url)));
}

/**
 * Reads and decrypts a private key, in a thread; the work is bounded before it begins.
 *
 * @throws TunnelFault TUNNEL_FAILED, AppError BUSY, or the signal's reason; the thread is ended then.
 */
export async function readPrivateKey(task: KeyTask, signal: AbortSignal): Promise<KeyResult & { ok: true }> {
  refuseCostly(task.key);
  const threads = await (pool ??= startPool());
  let result: KeyResult;
  try {
    result = (await threads.run(task, { signal })) as KeyResult;
  } catch {
    signal.throwIfAborted();
    throw new AppError('BUSY', 'The private key could not be read for now.', { retryAfterS: 2 });
  }
  if (result.ok) return result;
  throw new TunnelFault('TUNNEL_FAILED', ...REASONS[result.reason]);
}

const REASONS: Record<(KeyResult & { ok: false })['reason'], [message: string, hint: string]> = {
  passphrase_missing: [
    'The private key is encrypted, and no passphrase was given.',
    'Send ssh_tunnel.passphrase along.',
  ],
  passphrase_wrong: [
    'The passphrase does not open the private key.',
    'Correct the passphrase; `ssh-keygen -y -f <file>` tells whether it fits.',
  ],
  unreadable: [
    'The private key cannot be read, or its type is not supported (RSA, ECDSA and Ed25519 are).',
    REWRITE,
  ],
};

/** Ends the thread; for a graceful stop. */
export async function closeKeyThread(): Promise<void> {
  const closing = pool;
  pool = undefined;
  await (await closing?.catch(() => undefined))?.destroy();
}

/** Refuses what would keep the thread busy for longer than anybody waits. */
function refuseCostly(key: string): void {
  if (key.length > MAX_BYTES)
    throw new TunnelFault('TUNNEL_FAILED', 'The private key is longer than 64 KB.', REWRITE);
  if (key.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----'))
    throw new TunnelFault('TUNNEL_FAILED', 'PKCS#8 keys with a passphrase are not read.', REWRITE);
  const rounds = roundsOf(key);
  if (rounds > MAX_ROUNDS)
    throw new TunnelFault(
      'TUNNEL_FAILED',
      `The private key wants ${String(rounds)} rounds of bcrypt; at most ${String(MAX_ROUNDS)} are done.`,
      REWRITE,
    );
}

/** The rounds of bcrypt that an OpenSSH key says it takes; 0 where it takes none, Infinity where its head is not one. */
function roundsOf(key: string): number {
  const [, text] = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)/.exec(key) ?? [];
  if (text === undefined) return 0;
  const bytes = Buffer.from(text, 'base64');
  try {
    let at = 'openssh-key-v1\0'.length;
    const next = (): Buffer => {
      const end = at + 4 + bytes.readUInt32BE(at);
      const found = bytes.subarray(at + 4, end);
      at = end;
      return found;
    };
    next();
    const kdf = next().toString('latin1');
    const options = next();
    return kdf === 'none' ? 0 : options.readUInt32BE(4 + options.readUInt32BE(0));
  } catch {
    return Infinity;
  }
}
