import { AppError, type ErrorCode } from '../../../common/app-error.js';
import type { Address } from '../../spi/index.js';

/** One SSH server with its login; see `sshTunnel` of the spec. */
export interface SshServer {
  readonly host: string;
  readonly port?: number;
  readonly username: string;
  readonly password?: string;
  readonly private_key?: string;
  readonly passphrase?: string;
  readonly host_key?: string;
}

export interface TunnelConfig extends SshServer {
  readonly jump?: SshServer;
}

/** The tunnel that a connection goes through, if it does. */
export function tunnelOf(config: Record<string, unknown>): TunnelConfig | undefined {
  return config.ssh_tunnel as TunnelConfig | undefined;
}

export function addressOf({ host, port = 22 }: SshServer): Address {
  return { host, port };
}

/** What is done, one after the other, until a tunnel leads to the source; with a jump host, once for each server. */
export const TUNNEL_STEPS = ['dns', 'ssh_connect', 'ssh_host_key', 'ssh_auth', 'ssh_forward'] as const;
export type TunnelStep = (typeof TUNNEL_STEPS)[number];

type Facts = Readonly<Record<string, string | number | boolean>>;

/** Called when a step is done; what it tells is shown and holds no secret. */
export type TunnelTell = (step: TunnelStep, detail?: Facts) => void;

/** A fault of the tunnel itself, with the exact remedy as its hint. */
export class TunnelFault extends AppError {
  /** @param facts what a test shows beside the message, such as the fingerprint of a host key. */
  constructor(
    code: ErrorCode,
    message: string,
    hint: string,
    readonly facts: Facts = {},
  ) {
    super(code, message, { hint });
  }
}
