import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { Running, SshdTestServer } from './server-types.js';

/** The kinds of keys that log in: name, and what ssh-keygen is told. */
const KEYS = {
  ed25519: ['-t', 'ed25519', '-N', ''],
  encrypted: ['-t', 'ed25519', '-a', '16', '-N', 'open sesame'],
  ecdsa: ['-t', 'ecdsa', '-b', '521', '-N', ''],
  rsa: ['-t', 'rsa', '-b', '2048', '-N', ''],
  rsaPem: ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'open sesame'],
  rsaPkcs8: ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', ''],
  costly: ['-t', 'ed25519', '-a', '65', '-N', 'open sesame'],
} as const;

/**
 * Starts OpenSSH in `folder` for the account that runs it: public keys, no shell, no PAM.
 *
 * @param more further settings of sshd_config, such as `PermitOpen`.
 * @param hostKeys folder of another sshd whose host key it shows; a key of its own unless told.
 */
export async function startSshd(
  folder: string,
  more: Readonly<Record<string, string>> = {},
  hostKeys = folder,
): Promise<Running<SshdTestServer>> {
  const file = filesIn(folder);
  const hostKey = keyIn(hostKeys, 'host', ['-t', 'ed25519', '-N', '']);
  const keys = Object.entries(KEYS).map(([name, options]) => [name, keyIn(folder, name, options)] as const);
  const stranger = keyIn(folder, 'stranger', KEYS.ed25519);
  // OpenSSH wants a folder for its unprivileged part, which its service makes at the boot.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  const { username } = userInfo();
  const settings = {
    ListenAddress: `127.0.0.1:${String(port)}`,
    HostKey: hostKey.path,
    PidFile: 'none',
    AuthorizedKeysFile: file('authorized_keys', keys.map(([, { line }]) => line).join('')),
    AuthenticationMethods: 'publickey',
    UsePAM: 'no',
    StrictModes: 'no',
    PermitRootLogin: 'prohibit-password',
    AllowUsers: username,
    MaxStartups: '100',
    ForceCommand: '/bin/false',
    ...more,
  };
  const text = Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
  const command = [programOf('sshd'), '-D', '-e', '-f', file('sshd_config', text)];
  const running = await ServerProcess.start(command, join(folder, 'sshd.log'));
  await running.untilReady(() => greeted(port));
  const server = {
    host: '127.0.0.1',
    port,
    username,
    hostKey: hostKey.fingerprint,
    knownHosts: `[127.0.0.1]:${String(port)} ${hostKey.line}`,
    keys: Object.fromEntries(keys.map(([name, { text: key }]) => [name, key])) as SshdTestServer['keys'],
    passphrase: 'open sesame',
    strangerKey: stranger.text,
    pid: running.pid,
  };
  return { server, stop: () => running.stop() };
}

interface KeyFile {
  readonly path: string;
  readonly text: string;
  /** The public half, as a line. */
  readonly line: string;
  readonly fingerprint: string;
}

function keyIn(folder: string, name: string, options: readonly string[]): KeyFile {
  const path = join(folder, `key-${name}`);
  const keygen = programOf('ssh-keygen');
  if (!existsSync(path)) execFileSync(keygen, [...options, '-q', '-C', 'test', '-f', path]);
  const [, fingerprint = ''] = execFileSync(keygen, ['-lf', `${path}.pub`], { encoding: 'utf8' }).split(' ');
  return {
    path,
    fingerprint,
    text: readFileSync(path, 'utf8'),
    line: readFileSync(`${path}.pub`, 'utf8'),
  };
}

/** Rejects until the server greets. */
function greeted(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject).once('close', () => reject(new Error('closed')));
  });
}
