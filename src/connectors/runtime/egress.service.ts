import { Injectable } from '@nestjs/common';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { AppError } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import { Config, ConfigError } from '../../platform/config/config.js';
import { normalizeHost, toConnectorError, type Address } from '../spi/index.js';
import { EgressPolicy, unwrap } from './egress.policy.js';

/** Resolves, judges and pins the address of everything that a user names; see EgressPolicy for the rules. */
@Injectable()
export class Egress {
  private readonly policy: EgressPolicy;
  private own: Promise<Set<string>> | undefined;

  constructor(private readonly config: Config) {
    this.policy = new EgressPolicy(config.egressAllow);
    if (this.policy.faults.length > 0) throw new ConfigError(this.policy.faults);
  }

  /**
   * The address to dial for `host`: resolved once, so that a name that changes its mind later changes nothing.
   *
   * @throws AppError HOST_UNKNOWN, TIMEOUT or EGRESS_DENIED.
   */
  async resolve({ host, port }: Address, ms: number, signal?: AbortSignal): Promise<Address> {
    const name = normalizeHost(host);
    const found = await withDeadline(ms, signal, () => addresses(name), 'The DNS server');
    const own = await (this.own ??= this.ownServers());
    // All addresses must pass: a name that also leads inside is not half allowed.
    for (const address of found) {
      if (own.has(`${unwrap(address)}:${String(port)}`) || (own.has(`*:${String(port)}`) && isHere(address)))
        throw denied('This is a server of this product itself.');
      const verdict = this.policy.judge(address, name);
      if (verdict !== 'allowed')
        throw denied(
          verdict === 'private'
            ? 'The address is in a private range that is not allowed here.'
            : 'The address is in a range that is never allowed.',
        );
    }
    const [first] = found;
    if (first === undefined) throw new AppError('HOST_UNKNOWN', 'The host name has no address.');
    return { host: first, port };
  }

  /** `address:port` of the product's own servers, `*:port` of one that listens on every address. The embedded database is left out: the demo source lives in it. */
  private async ownServers(): Promise<Set<string>> {
    const { host, port, metricsPort, databaseUrl, embedded, redisUrl } = this.config;
    const servers: Address[] = [
      { host, port },
      { host, port: metricsPort },
    ];
    if (databaseUrl && !embedded) servers.push(endpointOf(databaseUrl, 5432));
    if (redisUrl) servers.push(endpointOf(redisUrl, 6379));
    const own = new Set<string>();
    for (const server of servers)
      for (const address of await addresses(server.host).catch(() => []))
        own.add(`${isAnyAddress(address) ? '*' : unwrap(address)}:${String(server.port)}`);
    return own;
  }
}

async function addresses(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
  } catch (error) {
    throw toConnectorError(error, {}, 'HOST_UNKNOWN');
  }
}

function endpointOf(url: string, fallback: number): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? fallback : Number(port) };
}

function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Whether an address leads to this machine: all of 127.0.0.0/8 does, and each of its interfaces. */
function isHere(address: string): boolean {
  const plain = unwrap(address);
  if (plain.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((found) =>
    found?.some((one) => unwrap(one.address) === plain),
  );
}

function denied(message: string): AppError {
  return new AppError('EGRESS_DENIED', message);
}
