import type { Socket } from 'node:net';
import type { AnyAuthMethod, Client, ClientChannel } from 'ssh2';
import { AppError } from '../../../common/app-error.js';
import { guard, Meter, type Address } from '../../spi/index.js';
import { algorithmsOf, describeKey, isPinned } from './host-key.js';
import { readPrivateKey } from './private-key.js';
import { TunnelFault, type SshServer, type TunnelTell } from './tunnel-config.js';

const KEEPALIVE_MS = 15_000;
/** Keepalives without an answer after which the line counts as lost. */
const KEEPALIVES = 3;

/** What RFC 4254 lets a server say when it refuses to connect us further. */
const PROHIBITED = 1;
const CONNECT_FAILED = 2;

/** One authenticated connection to one SSH server whose key is the pinned one. It forwards, and does nothing else. */
export class SshLine {
  private lost = false;

  private constructor(
    private readonly client: Client,
    private readonly server: SshServer,
  ) {
    // Each forwarding that is under way listens for the end.
    client
      .setMaxListeners(0)
      .on('error', () => undefined)
      .on('close', () => (this.lost = true));
  }

  /**
   * Speaks SSH over an open socket, which is destroyed on any fault. The login is sent once, after the host key was compared;
   * without a pinned key it is never sent.
   *
   * @throws TunnelFault TUNNEL_FAILED, HOST_KEY_CHANGED or AUTH_FAILED, AppError UNREACHABLE, TIMEOUT, BUSY, or the signal's reason.
   */
  static async open(
    socket: Socket,
    server: SshServer,
    signal: AbortSignal,
    tell: TunnelTell,
  ): Promise<SshLine> {
    const { Client } = (await import('ssh2')).default;
    const client = new Client();
    const handshake = new Handshake(server, signal, tell);
    guard(socket, new Meter(Infinity));
    try {
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => reject(signal.reason as Error);
        signal.throwIfAborted();
        signal.addEventListener('abort', stop, { once: true });
        client
          .on('ready', resolve)
          .on('error', (error) => reject(handshake.explain(error)))
          .on('close', () => reject(handshake.explain()))
          .once('ready', () => signal.removeEventListener('abort', stop))
          .once('close', () => signal.removeEventListener('abort', stop));
        const serverHostKey = algorithmsOf(server.host_key);
        client.connect({
          sock: socket,
          username: server.username,
          // The signal is the deadline.
          readyTimeout: 0,
          keepaliveInterval: KEEPALIVE_MS,
          keepaliveCountMax: KEEPALIVES,
          hostVerifier: (key: Buffer) => handshake.verify(key),
          authHandler: (left, _partial, next) => {
            handshake.login(left).then(
              (method) => next(method as AnyAuthMethod),
              (fault: unknown) => reject(fault as Error),
            );
          },
          ...(serverHostKey ? { algorithms: { serverHostKey: serverHostKey as never } } : {}),
        });
      });
      tell('ssh_auth', {
        server: nameOf(server),
        method: server.private_key === undefined ? 'password' : 'private_key',
      });
      return new SshLine(client, server);
    } catch (error) {
      client.on('error', () => undefined).destroy();
      socket.destroy();
      throw error;
    }
  }

  get usable(): boolean {
    return !this.lost;
  }

  /** Calls `listener` once when the line is lost or ended. */
  onLost(listener: () => void): void {
    this.client.once('close', listener);
  }

  /**
   * Lets the server connect to an address; a name is resolved over there.
   *
   * @throws TunnelFault TUNNEL_FAILED or UNREACHABLE, AppError, or the signal's reason.
   */
  forward(to: Address, signal: AbortSignal): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = (): void => reject(signal.reason as Error);
      const gone = (): void => reject(new AppError('UNREACHABLE', 'The SSH tunnel was lost.'));
      signal.addEventListener('abort', stop, { once: true });
      this.client.once('close', gone);
      try {
        this.client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, channel) => {
          signal.removeEventListener('abort', stop);
          this.client.off('close', gone);
          if (error) reject(this.refusal(error, to));
          else if (signal.aborted) channel.on('error', () => undefined).destroy();
          else resolve(channel);
        });
      } catch {
        gone();
      }
    });
  }

  /** Ends the connection and all that goes over it. */
  end(): void {
    this.client.destroy();
  }

  private refusal(error: Error, { host, port }: Address): AppError {
    const where = `${host}:${String(port)}`;
    const { reason } = error as { reason?: unknown };
    if (reason === PROHIBITED)
      return new TunnelFault(
        'TUNNEL_FAILED',
        `The SSH server forbids to forward to ${where}.`,
        `Allow it in the sshd_config of ${this.server.host}: \`AllowTcpForwarding yes\` and \`PermitOpen ${where}\`, for user ${this.server.username}; no \`restrict\` or \`no-port-forwarding\` may stand before the key in authorized_keys.`,
      );
    if (reason === CONNECT_FAILED)
      return new TunnelFault(
        'UNREACHABLE',
        `The SSH server cannot connect to ${where}.`,
        `Check on ${this.server.host} that the source runs and can be reached from there, such as by \`nc -vz ${host} ${String(port)}\`.`,
      );
    return new AppError('UNREACHABLE', 'The SSH server refuses another connection for now.', {
      retryAfterS: 5,
    });
  }
}

/** What happens between the first byte and the login. */
class Handshake {
  private fault: AppError | undefined;
  private shown = false;
  private sent = false;
  private publicKey: string | undefined;

  constructor(
    private readonly server: SshServer,
    private readonly signal: AbortSignal,
    private readonly tell: TunnelTell,
  ) {}

  /** Also called when the keys of a long connection are renewed. */
  verify(blob: Buffer): boolean {
    const { host_key: pin } = this.server;
    const { type, fingerprint } = describeKey(blob);
    const facts = { server: nameOf(this.server), fingerprint, key_type: type };
    if (!this.shown) this.tell('ssh_connect', { server: nameOf(this.server) });
    if (pin !== undefined && isPinned(pin, blob)) {
      if (!this.shown) this.tell('ssh_host_key', facts);
      this.shown = true;
      return true;
    }
    this.fault =
      pin === undefined
        ? new TunnelFault(
            'TUNNEL_FAILED',
            `The SSH server shows the host key ${fingerprint} (${type}), and none is pinned. No login was sent.`,
            `Compare it with what \`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub\` says on the server itself. If it is the same, set host_key to "${fingerprint}", and send all secrets again.`,
            facts,
          )
        : new TunnelFault(
            'HOST_KEY_CHANGED',
            `The SSH server shows the host key ${fingerprint} (${type}), which is not the pinned one. No login was sent.`,
            'Ask who runs the SSH server whether its key was changed on purpose: somebody may be standing in between. Only then set host_key to the new fingerprint, and send all secrets again.',
            facts,
          );
    return false;
  }

  /**
   * The next method: first none, which no server counts, to learn what it takes; then the login, once; then no more. A
   * second try could lock the account.
   */
  async login(left: readonly string[] | null): Promise<AnyAuthMethod | false> {
    const { username, password, private_key: key, passphrase } = this.server;
    if (this.sent) return false;
    if (left === null) return { type: 'none', username };
    this.sent = true;
    if (key !== undefined) {
      const task = { key, ...(passphrase === undefined ? {} : { passphrase }) };
      const read = await readPrivateKey(task, this.signal);
      this.publicKey = read.publicKey;
      return left.includes('publickey') ? { type: 'publickey', username, key: read.key } : false;
    }
    if (password === undefined)
      throw new TunnelFault(
        'TUNNEL_FAILED',
        'There is no login for the SSH server.',
        'Send its password or private key.',
      );
    if (left.includes('password')) return { type: 'password', username, password };
    if (!left.includes('keyboard-interactive')) return false;
    const prompt = (
      ...[, , , asked, answer]: [string, string, string, { echo?: boolean }[], (text: string[]) => void]
    ): void =>
      // Another question than for the password is not for us to answer.
      answer(asked.map(({ echo }) => (asked.length === 1 && echo !== true ? password : '')));
    return { type: 'keyboard-interactive', username, prompt };
  }

  /** @param error what ssh2 said, whose words are not shown; nothing where the server hung up. */
  explain(error?: Error & { level?: string }): AppError {
    if (this.fault) return this.fault;
    if (error?.level === 'client-authentication') return this.refused();
    if (error?.level === 'client-timeout')
      return new AppError('TIMEOUT', 'The SSH server stopped answering.');
    if (error?.level === 'protocol' || error?.level === 'handshake')
      return new TunnelFault(
        'TUNNEL_FAILED',
        'The server does not speak SSH 2 as it is spoken here, or they have no algorithm in common.',
        `Check that port ${String(this.server.port ?? 22)} is the one of an SSH server of this decade, such as OpenSSH 7.2 or newer.`,
      );
    return new AppError('UNREACHABLE', 'The SSH server refused or dropped the connection.', {
      retryAfterS: 5,
    });
  }

  private refused(): AppError {
    const { username, password, host } = this.server;
    const hint =
      this.publicKey === undefined
        ? `Check user name and password, and that the sshd_config of ${host} has \`PasswordAuthentication yes\`.`
        : `Add this line to ~${username}/.ssh/authorized_keys on ${host}: restrict,port-forwarding ${this.publicKey}`;
    const how = password !== undefined && this.publicKey === undefined ? 'password' : 'private key';
    return new TunnelFault(
      'AUTH_FAILED',
      `The SSH server refused the user ${username} with this ${how}.`,
      hint,
    );
  }
}

function nameOf({ host, port = 22 }: SshServer): string {
  return `${host}:${String(port)}`;
}
