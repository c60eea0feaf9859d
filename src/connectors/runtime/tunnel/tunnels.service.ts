import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createHmac, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { openSocket, type Address } from '../../spi/index.js';
import { Egress } from '../egress.service.js';
import { closeKeyThread } from './private-key.js';
import { SshLine } from './ssh-line.js';
import { Tunnel, type TunnelCounts, type TunnelLine } from './tunnel.js';
import { addressOf, type TunnelConfig, type TunnelTell } from './tunnel-config.js';
import { TunnelStream } from './tunnel-stream.js';

const SWEEP_MS = 5_000;
/** How long a tunnel that nobody uses stays open. */
const IDLE_MS = 90_000;
const RESOLVE_MS = 10_000;

/** Tunnels by state, and what happened to them since the start of the process. */
export interface TunnelFigures extends TunnelCounts {
  open: number;
  opening: number;
  /** Connections that go through them now. */
  channels: number;
}

interface Entry {
  readonly orgId: string;
  readonly tunnel: Tunnel;
}

/** The settings of a tunnel, and whose it is. */
interface TunnelOf {
  readonly orgId: string;
  readonly config: TunnelConfig;
}

/**
 * The tunnels of the process. Sources of one organization whose tunnels have equal settings and secrets share one: the key is
 * a MAC under a random key of the process, so that it tells nothing about a secret.
 */
@Injectable()
export class Tunnels implements OnApplicationShutdown {
  private readonly macKey = randomBytes(32);
  private readonly entries = new Map<string, Entry>();
  /** By organization. */
  private readonly counts = new Map<string, TunnelCounts>();
  private readonly sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();

  constructor(private readonly egress: Egress) {}

  /**
   * Connects to an address through a tunnel, which is opened if need be. A name is resolved by the SSH server.
   *
   * @param tell is told each step of the tunnel up to `ssh_auth`.
   * @throws TunnelFault, AppError of a connector code, or the signal's reason.
   */
  dial(
    { orgId, config }: TunnelOf,
    to: Address,
    signal: AbortSignal,
    tell: TunnelTell = () => undefined,
  ): Promise<Socket> {
    return this.tunnelOf(orgId, config).dial(to, signal, tell);
  }

  /** Opens a tunnel, or proves that it is open, without a connection through it. */
  async reach(orgId: string, config: TunnelConfig, signal: AbortSignal, tell: TunnelTell): Promise<void> {
    await this.tunnelOf(orgId, config).ready(signal, tell);
  }

  /** The figures of one organization, or of all. */
  figures(orgId?: string): TunnelFigures {
    const sum: TunnelFigures = { open: 0, opening: 0, channels: 0, reopened: 0, failed: 0 };
    for (const { orgId: owner, tunnel } of this.entries.values()) {
      if (orgId !== undefined && owner !== orgId) continue;
      if (tunnel.state !== 'closed') sum[tunnel.state]++;
      sum.channels += tunnel.channels;
    }
    for (const [owner, { reopened, failed }] of this.counts) {
      if (orgId !== undefined && owner !== orgId) continue;
      sum.reopened += reopened;
      sum.failed += failed;
    }
    return sum;
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.sweeper);
    for (const { tunnel } of this.entries.values()) tunnel.close();
    this.entries.clear();
    await closeKeyThread();
  }

  private tunnelOf(orgId: string, config: TunnelConfig): Tunnel {
    const key = createHmac('sha256', this.macKey)
      .update(JSON.stringify([orgId, config]))
      .digest('base64url');
    let entry = this.entries.get(key);
    if (!entry) {
      let counts = this.counts.get(orgId);
      if (!counts) this.counts.set(orgId, (counts = { reopened: 0, failed: 0 }));
      entry = {
        orgId,
        tunnel: new Tunnel((signal, tell) => this.open({ orgId, config }, signal, tell), counts),
      };
      this.entries.set(key, entry);
    }
    return entry.tunnel;
  }

  /** Logs in to each SSH server, the second one over the first. */
  private async open(
    { orgId, config }: TunnelOf,
    signal: AbortSignal,
    tell: TunnelTell,
  ): Promise<TunnelLine> {
    const { jump, ...last } = config;
    const entry = await this.enter({ orgId, config: jump ?? last }, signal, tell);
    if (!jump) return entry;
    try {
      const to = addressOf(last);
      const exit = await entry.exit(to, signal);
      const stream = TunnelStream.over(await entry.ssh.forward(exit, signal), to);
      stream.on('error', () => undefined);
      tell('ssh_forward', { server: `${jump.host}:${String(addressOf(jump).port)}` });
      const ssh = await SshLine.open(stream, last, signal, tell);
      entry.ssh.onLost(() => stream.destroy());
      ssh.onLost(() => entry.ssh.end());
      return {
        ssh,
        exit: (where, inner) => this.egress.exit({ orgId, server: exit }, where, RESOLVE_MS, inner),
      };
    } catch (error) {
      entry.ssh.end();
      throw error;
    }
  }

  /** The SSH server that is dialled from here: a host that a user names, and judged like every other one. */
  private async enter(
    { orgId, config: server }: TunnelOf,
    signal: AbortSignal,
    tell: TunnelTell,
  ): Promise<TunnelLine> {
    const where = addressOf(server);
    const address = await this.egress.resolve(orgId, where, RESOLVE_MS, signal);
    tell('dns');
    const context = { signal, address, locate: () => Promise.resolve(address) };
    const socket = await openSocket(where, context);
    socket.on('error', () => undefined);
    const { localAddress } = socket;
    const ssh = await SshLine.open(socket, server, signal, (step, detail) => {
      const from = step === 'ssh_connect' && localAddress !== undefined ? { egress_ip: localAddress } : {};
      tell(step, { ...detail, ...from });
    });
    return { ssh, exit: (to, inner) => this.egress.exit({ orgId, server: address }, to, RESOLVE_MS, inner) };
  }

  /** Ends what nobody uses any more. */
  private sweep(): void {
    const now = performance.now();
    for (const [key, { tunnel }] of this.entries) {
      if (!tunnel.idle || tunnel.state === 'opening' || now - tunnel.idleSince < IDLE_MS) continue;
      tunnel.close();
      this.entries.delete(key);
    }
  }
}
