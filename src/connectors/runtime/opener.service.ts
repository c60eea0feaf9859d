import { Injectable } from '@nestjs/common';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import { Config } from '../../platform/config/config.js';
import { toConnectorError, type Address, type OpenContext, type Session } from '../spi/index.js';
import { Egress } from './egress.service.js';
import type { Target } from './target.types.js';
import { tunnelOf, type TunnelTell } from './tunnel/tunnel-config.js';
import { Tunnels } from './tunnel/tunnels.service.js';

/** Who watches an opening, and what is known of it already. */
export interface OpenWatch {
  /** Where to dial, found before; not for a target with a tunnel. */
  readonly address?: Address | undefined;
  readonly done?: OpenContext['done'];
  /** Is told the steps of the tunnel. */
  readonly tell?: TunnelTell;
}

/** No TCP goes to a broadcast address: a driver that would dial by itself, around the tunnel, fails at once. */
const NOWHERE: Address = { host: '255.255.255.255', port: 1 };

/** Opens sessions: finds the address, keeps the deadline, and lets the driver dial. */
@Injectable()
export class Opener {
  constructor(
    private readonly egress: Egress,
    private readonly tunnels: Tunnels,
    private readonly config: Config,
  ) {}

  /**
   * Opens one session within the target's connect timeout.
   *
   * @param signal ends the opening early; a session that opens after that is closed again.
   * @throws AppError of a connector code.
   */
  async open(target: Target, signal: AbortSignal, { address, done, tell }: OpenWatch = {}): Promise<Session> {
    const { definition, config, pool, orgId } = target;
    const timeout = pool.connect_timeout_ms;
    const tunnel = tunnelOf(config);
    const pinned = tunnel ? NOWHERE : (address ?? (await this.locate(target, signal)));
    const root = definition.category === 'file' ? await this.rootOf(orgId) : undefined;
    return withDeadline(timeout, signal, async (inner) => {
      try {
        const session = await definition.open(config, {
          signal: inner,
          locate: (where) => (tunnel ? Promise.resolve(NOWHERE) : this.egress.resolve(orgId, where, timeout)),
          ...(tunnel
            ? { dial: (to, until) => this.tunnels.dial({ orgId, config: tunnel }, to, until, tell) }
            : {}),
          ...(pinned ? { address: pinned } : {}),
          ...(root === undefined ? {} : { root }),
          ...(done ? { done } : {}),
        });
        if (inner.aborted) void session.close();
        return session;
      } catch (error) {
        throw toConnectorError(error, {}, 'PROTOCOL');
      }
    });
  }

  /**
   * Goes through the tunnel of a target as far as the source's own port, and no further.
   *
   * @throws AppError UNSUPPORTED where it has no tunnel, else as `open`.
   */
  async openTunnel(
    { orgId, config, ...target }: Target,
    signal: AbortSignal,
    tell: TunnelTell,
  ): Promise<void> {
    const tunnel = tunnelOf(config);
    if (!tunnel) throw new AppError('UNSUPPORTED', 'The connection has no ssh_tunnel.');
    const to = endpointOf({ ...target, config });
    await withDeadline(target.pool.connect_timeout_ms, signal, async (inner) => {
      if (!to) return this.tunnels.reach(orgId, tunnel, inner, tell);
      const line = await this.tunnels.dial({ orgId, config: tunnel }, to, inner, tell);
      line.destroy();
      tell('ssh_forward', { to: `${to.host}:${String(to.port)}` });
    });
  }

  /** The pinned address of a target, or nothing where it names no server. */
  async locate(target: Target, signal: AbortSignal): Promise<Address | undefined> {
    const endpoint = endpointOf(target);
    return endpoint && this.egress.resolve(target.orgId, endpoint, target.pool.connect_timeout_ms, signal);
  }

  /** The folder of an organization's files; made on first use, for this account alone. */
  private async rootOf(orgId: string): Promise<string> {
    const root = join(this.config.filesRoot, orgId);
    try {
      await mkdir(root, { recursive: true, mode: 0o700 });
    } catch {
      throw new AppError('INTERNAL', 'The folder for files cannot be used.');
    }
    return root;
  }
}

/** The server that a target's connection names; nothing for a file of our own. */
export function endpointOf({
  definition,
  config,
}: Pick<Target, 'definition' | 'config'>): Address | undefined {
  if (definition.endpoint) return definition.endpoint(config);
  const { host, port } = config;
  return typeof host === 'string' && typeof port === 'number' ? { host, port } : undefined;
}
