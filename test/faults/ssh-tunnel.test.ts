import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import ssh2 from 'ssh2';
import type { TestResult, TestStep } from '../../src/connectors/runtime/test-result.js';
import { postgresConnection } from '../support/sources.js';
import { describeOn, servers, type SshdTestServer } from '../support/servers.js';
import {
  childrenOf,
  ownListeners,
  ownSshd,
  startDialling,
  through,
  type Dialling,
  type OwnSshd,
} from '../support/tunnels.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const never = (): AbortSignal => new AbortController().signal;

describeOn(['postgres', 'sshd'], 'SSH tunnels', () => {
  let dialling: Dialling;
  let source: Record<string, unknown>;
  let sshd: SshdTestServer;
  let own: OwnSshd | undefined;

  beforeAll(async () => {
    source = { ...(await postgresConnection()), host: 'localhost' };
    sshd = await servers.sshd();
  });

  beforeEach(() => {
    dialling = startDialling();
  });

  afterEach(async () => {
    await dialling.stop();
    await own?.stop();
    own = undefined;
  });

  const probe = (tunnel: unknown, connectMs = 20_000): Promise<TestResult> =>
    dialling.prober.probe(dialling.target({ ...source, ssh_tunnel: tunnel }, connectMs), never());
  const failedStep = (result: TestResult): TestStep | undefined =>
    result.steps.find(({ status }) => status === 'failed');

  describe('logins', () => {
    it.each(['ed25519', 'ecdsa', 'rsa', 'rsaPkcs8'] as const)('take the key %s', async (name) => {
      expect(await probe(through(sshd, { private_key: sshd.keys[name] }))).toMatchObject({
        outcome: 'degraded',
      });
    });

    it.each(['encrypted', 'rsaPem'] as const)('take the key %s with its passphrase', async (name) => {
      const login = { private_key: sshd.keys[name], passphrase: sshd.passphrase };
      expect(await probe(through(sshd, login))).toMatchObject({ outcome: 'degraded' });
    });

    it.each([
      ['a wrong passphrase', 'wrong', 'does not open'],
      ['no passphrase', undefined, 'no passphrase'],
    ])('tell of %s', async (_, passphrase, words) => {
      const login = { private_key: sshd.keys.encrypted, ...(passphrase === undefined ? {} : { passphrase }) };
      const result = await probe(through(sshd, login));
      expect(result).toMatchObject({ failed_at: 'ssh_auth', outcome: 'failed', user_action: true });
      expect(failedStep(result)).toMatchObject({ code: 'TUNNEL_FAILED' });
      expect(failedStep(result)?.message).toContain(words);
    });

    it('name the line for authorized_keys where a key is refused, and are not tried again at once', async () => {
      const tunnel = through(sshd, { private_key: sshd.strangerKey });
      const result = await probe(tunnel);
      expect(result).toMatchObject({ failed_at: 'ssh_auth', user_action: true, retryable: false });
      expect(failedStep(result)).toMatchObject({ code: 'AUTH_FAILED' });
      expect(failedStep(result)?.remedy?.text).toMatch(/restrict,port-forwarding ssh-ed25519 AAAA/);
      expect(result.steps.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['ssh_connect', 'ssh_host_key', 'ssh_auth', 'ssh_forward', 'auth']),
      );
      expect(await probe(tunnel)).toMatchObject({ failed_at: 'ssh_auth' });
      expect(dialling.tunnels.figures()).toMatchObject({ failed: 1 });
    });

    it('T58: are bounded in work before it begins', async () => {
      const bytes = (key: string): Buffer => Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64');
      const huge = bytes(sshd.keys.encrypted);
      // The rounds stand behind the salt, which is 16 bytes long.
      const salt = huge.indexOf(Buffer.from([0, 0, 0, 24, 0, 0, 0, 16]));
      huge.writeUInt32BE(2 ** 31, salt + 24);
      const costly = `-----BEGIN OPENSSH PRIVATE KEY-----\n${huge.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
      const login = { passphrase: sshd.passphrase };
      const refused = await probe(through(sshd, { ...login, private_key: costly }));
      const slow = await probe(through(sshd, { ...login, private_key: sshd.keys.costly }));
      const long = await probe(through(sshd, { ...login, private_key: 'x'.repeat(1_000_000) }));
      for (const result of [refused, slow, long])
        expect(failedStep(result)).toMatchObject({ name: 'ssh_auth', code: 'TUNNEL_FAILED' });
      expect(failedStep(refused)?.message).toContain('2147483648 rounds');
      expect(failedStep(slow)?.message).toContain('65 rounds');
      expect(failedStep(long)?.message).toContain('64 KB');
      expect(failedStep(slow)?.remedy?.text).toContain('ssh-keygen -p');
    });
  });

  describe('host keys', () => {
    it('are pinned by a line of known_hosts as well', async () => {
      expect(await probe(through(sshd, { host_key: sshd.knownHosts }))).toMatchObject({
        outcome: 'degraded',
      });
    });

    it('T55: that changed are never taken, and leave no tunnel', async () => {
      own = await ownSshd();
      const result = await probe(through(own, { host_key: sshd.hostKey }));
      expect(result).toMatchObject({ failed_at: 'ssh_host_key', outcome: 'failed', user_action: true });
      expect(failedStep(result)).toMatchObject({
        code: 'HOST_KEY_CHANGED',
        detail: { fingerprint: own.hostKey, key_type: 'ssh-ed25519' },
      });
      expect(dialling.tunnels.figures()).toMatchObject({ open: 0, opening: 0, failed: 1 });
    });
  });

  describe('what lies behind', () => {
    it('is named where the server forbids to forward', async () => {
      own = await ownSshd({ PermitOpen: 'localhost:1' });
      const result = await probe(through(own));
      expect(result).toMatchObject({ failed_at: 'ssh_forward', outcome: 'failed', user_action: true });
      expect(failedStep(result)?.code).toBe('TUNNEL_FAILED');
      expect(failedStep(result)?.remedy?.text).toContain('AllowTcpForwarding yes');
      expect(failedStep(result)?.remedy?.text).toContain(`PermitOpen 127.0.0.1:${String(source.port)}`);
    });

    it('is named where nothing listens there', async () => {
      const target = dialling.target({ ...source, port: 9, ssh_tunnel: through(sshd) });
      const result = await dialling.prober.probe(target, never());
      expect(result).toMatchObject({ failed_at: 'ssh_forward', retryable: true, user_action: false });
      expect(failedStep(result)?.code).toBe('UNREACHABLE');
    });

    it.each(['169.254.169.254', '2852039166', '0xA9FEA9FE'])('is never %s', async (host) => {
      const target = dialling.target({ ...source, host, ssh_tunnel: through(sshd) });
      const result = await dialling.prober.probe(target, never());
      expect(result).toMatchObject({ failed_at: 'ssh_forward', outcome: 'not_permitted' });
    });

    it.each(['127.0.0.1', 'localhost'])('T46: is none of our own servers, by %s', async (host) => {
      const guarded = startDialling({ DATABASE_URL: `postgresql://u:p@127.0.0.1:${String(source.port)}/x` });
      try {
        const target = guarded.target({ ...source, host, ssh_tunnel: through(sshd) });
        const result = await guarded.prober.probe(target, never());
        expect(result).toMatchObject({ failed_at: 'ssh_forward', outcome: 'not_permitted' });
        expect(guarded.tunnels.figures().channels).toBe(0);
      } finally {
        await guarded.stop();
      }
    });
  });

  it('are tested alone, without a word to the source', async () => {
    const heard: number[] = [];
    const quiet = createServer((socket) => socket.on('data', (chunk) => heard.push(chunk.length)));
    await new Promise<void>((resolve) => quiet.listen(0, '127.0.0.1', resolve));
    const { port } = quiet.address() as AddressInfo;
    const target = dialling.target({ ...source, port, ssh_tunnel: through(sshd) });
    const result = await dialling.prober.probe(target, never(), 'tunnel');
    expect(result).toMatchObject({ outcome: 'ok', capabilities: {} });
    expect(result.steps.map(({ name }) => name).slice(2)).toEqual([
      'dns',
      'ssh_connect',
      'ssh_host_key',
      'ssh_auth',
      'ssh_forward',
    ]);
    expect(heard).toEqual([]);
    await new Promise((resolve) => quiet.close(resolve));
  });

  it('go through a jump host', async () => {
    own = await ownSshd();
    const result = await probe(through(sshd, { jump: through(own) }));
    expect(result).toMatchObject({ outcome: 'degraded' });
    expect(result.steps.map(({ name }) => name).filter((name) => name.startsWith('ssh_'))).toEqual([
      ...['ssh_connect', 'ssh_host_key', 'ssh_auth', 'ssh_forward'],
      ...['ssh_connect', 'ssh_host_key', 'ssh_auth', 'ssh_forward'],
    ]);
    expect(dialling.tunnels.figures()).toMatchObject({ open: 1 });
  });

  it('T57: carry fifty sessions over one connection, and listen nowhere', async () => {
    const before = ownListeners();
    const target = dialling.target({ ...source, ssh_tunnel: through(sshd) });
    const sessions = await Promise.all(
      Array.from({ length: 50 }, () => dialling.opener.open(target, never())),
    );
    expect(dialling.tunnels.figures()).toMatchObject({ open: 1, channels: 50, failed: 0 });
    expect(ownListeners()).toEqual(before);
    await Promise.all(sessions.map((session) => session.ping(never())));
    await Promise.all(sessions.map((session) => session.close()));
    await until(() => dialling.tunnels.figures().channels === 0, 'all channels are closed');
  });

  it('F13: die with everything over them, and are opened again', async () => {
    own = await ownSshd();
    const before = ownListeners();
    const target = dialling.target({ ...source, ssh_tunnel: through(own) });
    const session = await dialling.opener.open(target, never());
    for (const child of childrenOf(own.pid)) process.kill(child, 'SIGKILL');
    await until(() => !session.usable, 'the session is lost');
    await expect(session.ping(AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await until(async () => {
      try {
        const again = await dialling.opener.open(target, never());
        await again.ping(never());
        await again.close();
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'UNREACHABLE' });
        return false;
      }
    }, 'the tunnel is open again');
    expect(dialling.tunnels.figures()).toMatchObject({ open: 1, reopened: 1 });
    expect(ownListeners()).toEqual(before);
  });

  it('end at the deadline where the SSH server says nothing', async () => {
    const proxy = await TcpProxy.start(sshd);
    proxy.mode = 'silent';
    const result = await probe(through({ ...sshd, port: proxy.port }), 300);
    expect(result).toMatchObject({ failed_at: 'ssh_connect', retryable: true });
    expect(failedStep(result)?.code).toBe('TIMEOUT');
    await until(() => proxy.open === 0, 'nothing is left open');
    await proxy.stop();
  });
});

describe('an SSH server that counts what it is sent', () => {
  let server: ssh2.Server;
  let attempts: string[];
  let offered: ('password' | 'keyboard-interactive')[];
  let tunnel: Record<string, unknown>;
  let dialling: Dialling;
  let echo: Server;
  const password = 'a password of SSH';

  beforeAll(async () => {
    const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
    server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client
        .on('error', () => undefined)
        .on('authentication', (login) => {
          attempts.push(login.method);
          const answer = (given: unknown): void =>
            given === password ? login.accept() : login.reject(offered);
          if (login.method === 'password') answer(login.password);
          else if (login.method === 'keyboard-interactive')
            login.prompt([{ prompt: 'Password:', echo: false }], ([given]) => answer(given));
          else login.reject(offered);
        })
        .on('request', (_accept, reject) => reject?.());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    echo = createServer((socket) => socket.pipe(socket));
    const { port } = server.address() as AddressInfo;
    tunnel = { host: '127.0.0.1', port, username: 'somebody', password };
  });

  afterAll(async () => {
    echo.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  beforeEach(() => {
    attempts = [];
    offered = ['password'];
    dialling = startDialling();
  });

  afterEach(() => dialling.stop());

  const target = (more: Record<string, unknown> = {}) =>
    dialling.target({ type: 'redis', host: 'localhost', port: 6379, ssh_tunnel: { ...tunnel, ...more } });
  const fingerprint = async (): Promise<unknown> => {
    const { steps } = await dialling.prober.probe(target(), never(), 'tunnel');
    return steps.find(({ name }) => name === 'ssh_host_key')?.detail?.fingerprint;
  };

  it('T54: is sent no login before its key is pinned; its fingerprint is all that a test gives', async () => {
    const result = await dialling.prober.probe(target(), never());
    expect(result).toMatchObject({ failed_at: 'ssh_host_key', outcome: 'failed', user_action: true });
    const step = result.steps.find(({ name }) => name === 'ssh_host_key');
    expect(step).toMatchObject({ code: 'TUNNEL_FAILED', detail: { key_type: 'ssh-ed25519' } });
    expect(step?.detail?.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(attempts).toEqual([]);
  });

  it.each(['password', 'keyboard-interactive'] as const)(
    'is sent a wrong password once, by %s',
    async (method) => {
      offered = [method];
      const pinned = { host_key: await fingerprint(), password: 'wrong' };
      const results = await Promise.all(
        [1, 2, 3].map(() => dialling.prober.probe(target(pinned), never(), 'tunnel')),
      );
      for (const result of results) {
        expect(result).toMatchObject({ failed_at: 'ssh_auth', user_action: true });
        expect(result.steps.find(({ name }) => name === 'ssh_auth')).toMatchObject({ code: 'AUTH_FAILED' });
      }
      expect(attempts).toEqual(['none', method]);
    },
  );

  it('lets the right password in, and refuses to forward', async () => {
    const result = await dialling.prober.probe(target({ host_key: await fingerprint() }), never(), 'tunnel');
    expect(result.failed_at).toBe('ssh_forward');
    expect(attempts).toEqual(['none', 'password']);
  });
});
