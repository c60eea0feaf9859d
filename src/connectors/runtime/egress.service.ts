import { Inject, Injectable } from '@nestjs/common';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { AppError } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import { Config, ConfigError } from '../../platform/config/config.js';
import { normalizeHost, toConnectorError, type Address } from '../spi/index.js';
import { Metrics } from '../../platform/telemetry/metrics.js';
import { EgressDenials, type EgressRefusal } from './egress-denials.js';
import { EgressPolicies } from './egress-policies.service.js';
import { EgressPolicy, unwrap } from './egress.policy.js';

/** What is said of an address that is not dialled. */
export const EGRESS_REFUSALS: Readonly<Record<EgressRefusal, string>> = {
  own_server: 'This is a server of this product itself.',
  never: 'The address is in a range that is never allowed.',
  private: 'The address is in a private range that is not allowed here.',
  organization: 'The address is not in the allow-list of your organization.',
};

/** What the rules say of a host. */
export interface Judgement {
  readonly addresses: readonly string[];
  readonly refusal?: EgressRefusal;
}

/** Where a tunnel ends, and whose it is. */
export interface TunnelExit {
  readonly orgId: string;
  readonly server: Address;
}

/** Resolves, judges and pins the address of everything that a user names; see EgressPolicy for the rules. */
@Injectable()
export class Egress {
  private readonly policy: EgressPolicy;
  private own: Promise<Set<string>> | undefined;
  private readonly refusals;

  constructor(
    private readonly config: Config,
    @Inject(EgressPolicies) private readonly policies: Pick<EgressPolicies, 'listOf'>,
    private readonly denials: EgressDenials,
    metrics: Metrics,
  ) {
    this.policy = new EgressPolicy(config.egressAllow);
    if (this.policy.faults.length > 0)
      throw new ConfigError(
        this.policy.faults.map(
          ({ index, detail }) => `EGRESS_ALLOW: "${config.egressAllow[index] ?? ''}" ${detail}.`,
        ),
      );
    this.refusals = metrics.counter(
      'datawave_egress_denied_total',
      'Addresses of sources that were not dialled, by the rule that forbids it',
      ['reason'],
    );
  }

  /**
   * The address to dial for `host`: resolved once, so that a name that changes its mind later changes nothing.
   *
   * @param orgId the organization whose source it is: its own allow-list counts as well.
   * @throws AppError HOST_UNKNOWN, TIMEOUT or EGRESS_DENIED.
   */
  async resolve(orgId: string, where: Address, ms: number, signal?: AbortSignal): Promise<Address> {
    const { addresses: found, refusal } = await this.judge(orgId, where, ms, signal);
    if (refusal) throw await this.refused(orgId, where, refusal);
    const [first] = found;
    if (first === undefined) throw new AppError('HOST_UNKNOWN', 'The host name has no address.');
    return { host: first, port: where.port };
  }

  /**
   * What `resolve` would say, and which rule forbids it. Nothing is dialled or recorded.
   *
   * @throws AppError HOST_UNKNOWN or TIMEOUT.
   */
  async judge(orgId: string, { host, port }: Address, ms: number, signal?: AbortSignal): Promise<Judgement> {
    const name = normalizeHost(host);
    const found = await withDeadline(ms, signal, () => addresses(name), 'The DNS server');
    const own = await (this.own ??= this.ownServers());
    const list = await this.policies.listOf(orgId);
    const refusalOf = (address: string): EgressRefusal | undefined => {
      if (isOwn(own, unwrap(address), port)) return 'own_server';
      const verdict = this.policy.judge(address, name);
      if (verdict !== 'allowed') return verdict === 'private' ? 'private' : 'never';
      return list === undefined || list.lists(address, name) ? undefined : 'organization';
    };
    // All addresses must pass: a name that also leads inside is not half allowed.
    const refusal = found.map(refusalOf).find((each) => each !== undefined);
    return { addresses: found, ...(refusal ? { refusal } : {}) };
  }

  /**
   * The address to ask an SSH server for, to reach `to` from there. Where that server is this machine the rules are those of
   * `resolve`, names included. Any other one looks names up in a network of its own, whose private addresses are what a tunnel is for:
   * addresses are judged as far as none of them is ever allowed, and the product's own servers are refused as they are configured.
   *
   * @param server the address of the SSH server, which the organization's allow-list has let through.
   * @throws AppError EGRESS_DENIED, HOST_UNKNOWN or TIMEOUT.
   */
  async exit({ orgId, server }: TunnelExit, to: Address, ms: number, signal?: AbortSignal): Promise<Address> {
    if (isIP(server.host) !== 0 && isHere(server.host)) return this.resolve(orgId, to, ms, signal);
    const name = normalizeHost(to.host);
    const own = await (this.own ??= this.ownServers());
    // A number is an address in another spelling; it is read here, without a question to anybody.
    const address = NUMERIC.test(name) || isIP(name) !== 0 ? (await addresses(name))[0] : undefined;
    if (METADATA_NAMES.includes(name) || (address && this.policy.judge(address) === 'always_denied'))
      throw await this.refused(orgId, to, 'never');
    // Loopback is that of the SSH server.
    const here = address !== undefined && isLoopback(address) ? undefined : unwrap(address ?? name);
    if (here !== undefined && here !== 'localhost' && isOwn(own, here, to.port))
      throw await this.refused(orgId, to, 'own_server');
    return { host: address ?? name, port: to.port };
  }

  private async refused(orgId: string, { host, port }: Address, refusal: EgressRefusal): Promise<AppError> {
    this.refusals.inc({ reason: refusal });
    await this.denials.record(orgId, `${host}:${String(port)}`, refusal);
    return new AppError('EGRESS_DENIED', EGRESS_REFUSALS[refusal], {
      ...(refusal === 'organization'
        ? { hint: 'An admin of your organization can add the address: PUT /organization/egress-policy.' }
        : {}),
    });
  }

  /** `address:port` and `name:port` of the product's own servers, `*:port` of one that listens on every address. The embedded database is left out: the demo source lives in it. */
  private async ownServers(): Promise<Set<string>> {
    const { host, port, metricsPort, databaseUrl, embedded, redisUrl } = this.config;
    const servers: Address[] = [
      { host, port },
      { host, port: metricsPort },
    ];
    if (databaseUrl && !embedded) servers.push(endpointOf(databaseUrl, 5432));
    if (redisUrl) servers.push(endpointOf(redisUrl, 6379));
    const own = new Set<string>();
    for (const server of servers) {
      own.add(`${normalizeHost(server.host)}:${String(server.port)}`);
      for (const address of await addresses(server.host).catch(() => []))
        own.add(`${isAnyAddress(address) ? '*' : unwrap(address)}:${String(server.port)}`);
    }
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

/** A last part that is a number, decimal or hexadecimal, makes the whole an IPv4 address: no name ends so. */
const NUMERIC = /(^|\.)(0x[0-9a-f]*|[0-9]+)$/;

/** Names under which clouds have their metadata services. */
const METADATA_NAMES = [
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
];

function isLoopback(address: string): boolean {
  const plain = unwrap(address);
  return plain.startsWith('127.') || plain === '::1';
}

function isOwn(own: ReadonlySet<string>, host: string, port: number): boolean {
  return own.has(`${host}:${String(port)}`) || (own.has(`*:${String(port)}`) && isHere(host));
}

/** Whether an address leads to this machine: all of 127.0.0.0/8 does, and each of its interfaces. */
function isHere(address: string): boolean {
  const plain = unwrap(address);
  if (plain.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((found) =>
    found?.some((one) => unwrap(one.address) === plain),
  );
}
