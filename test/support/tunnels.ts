import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONNECTORS } from '../../src/connectors/drivers/index.js';
import { Opener } from '../../src/connectors/runtime/opener.service.js';
import { Prober } from '../../src/connectors/runtime/prober.service.js';
import type { Target } from '../../src/connectors/runtime/target.types.js';
import { Tunnels } from '../../src/connectors/runtime/tunnel/tunnels.service.js';
import { Config, loadConfig } from '../../src/platform/config/config.js';
import { startSshd } from '../servers/sshd.js';
import { egressOf } from './egress.js';
import type { Running, SshdTestServer } from './servers.js';

/** The part of the product that dials, without the rest. */
export interface Dialling {
  readonly tunnels: Tunnels;
  readonly opener: Opener;
  readonly prober: Prober;
  /** A target of one organization. */
  target(connection: Record<string, unknown>, connectMs?: number): Target;
  stop(): Promise<void>;
}

export function startDialling(env: Readonly<Record<string, string>> = {}): Dialling {
  const folder = mkdtempSync(join(tmpdir(), 'datawave-tunnel-'));
  const config = new Config(loadConfig({ NODE_ENV: 'test', DATA_DIR: folder, ...env }));
  const egress = egressOf(config);
  const tunnels = new Tunnels(egress);
  const opener = new Opener(egress, tunnels, config);
  const orgId = randomUUID();
  return {
    tunnels,
    opener,
    prober: new Prober(opener),
    target(connection, connectMs = 20_000) {
      const definition = CONNECTORS.find(({ type }) => type === connection.type);
      if (!definition) throw new Error(`no type ${String(connection.type)}`);
      const pool = { size: 5, connect_timeout_ms: connectMs, query_timeout_ms: 20_000, max_retries: 3 };
      return { orgId, definition, config: connection, pool };
    },
    async stop() {
      await tunnels.onApplicationShutdown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An sshd of the test's own, in a folder of its own. */
export interface OwnSshd extends SshdTestServer {
  readonly folder: string;
  stop(): Promise<void>;
}

/** @param from another one whose host key it shows. */
export async function ownSshd(more: Readonly<Record<string, string>> = {}, from?: OwnSshd): Promise<OwnSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'datawave-sshd-'));
  const running: Running<SshdTestServer> = await startSshd(folder, more, from?.folder);
  return {
    ...running.server,
    folder,
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The `ssh_tunnel` block that goes through a server. */
export function through(
  { host, port, username, hostKey, keys }: SshdTestServer,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { host, port, username, private_key: keys.ed25519, host_key: hostKey, ...more };
}

/** Process ids of everything that a process started, and what that started. */
export function childrenOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/stat`))
    .map((name) => {
      const after = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1) ?? '';
      return { pid: Number(name), parent: Number(after.split(' ')[1]) };
    });
  const direct = parents.filter(({ parent }) => parent === pid).map((child) => child.pid);
  return direct.flatMap((child) => [child, ...childrenOf(child)]);
}

/** Ports that this process listens on. */
export function ownListeners(): string[] {
  const mine = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? ''];
      } catch {
        return [];
      }
    }),
  );
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && mine.has(fields[9] ?? ''))
      .map((fields) => fields[1] ?? ''),
  );
}
