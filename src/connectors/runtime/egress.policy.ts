import { BlockList, isIP } from 'node:net';

/** Why an address may not be dialled. */
export type EgressVerdict = 'allowed' | 'always_denied' | 'private';

/**
 * Addresses that no allow-list opens: link-local with the metadata services of the clouds, unspecified, multicast and
 * reserved ranges.
 */
const ALWAYS_DENIED = list(
  '0.0.0.0/8 169.254.0.0/16 100.100.100.200/32 224.0.0.0/4 240.0.0.0/4',
  'fe80::/10 ff00::/8 fd00:ec2::254/128 ::/128',
);

/** Addresses inside somebody's network: only an allow-list opens them. */
const PRIVATE = list(
  '10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 198.18.0.0/15',
  '::1/128 fc00::/7 fec0::/10 2001:db8::/32',
);

/** Which addresses sources may have; the decision is made on resolved addresses, never on how a host is written. */
export class EgressPolicy {
  private readonly allowed = new BlockList();
  private readonly names: string[] = [];
  /** Entries of the allow-list that cannot be honoured, by their place in it, and why. */
  readonly faults: { readonly index: number; readonly detail: string }[] = [];

  /** @param allow CIDRs, single addresses, host names and `*.suffix` names. */
  constructor(allow: readonly string[]) {
    for (const [index, entry] of allow.entries()) {
      const fault = (detail: string): void => void this.faults.push({ index, detail });
      const [address = '', prefix] = entry.split('/');
      if (isIP(address) === 0) {
        if (/^(\*\.)?[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(entry)) this.names.push(entry.toLowerCase());
        else fault('is no address, CIDR or host name');
      } else if (prefix !== undefined && !isPrefix(prefix, isIP(address) === 6 ? 128 : 32)) {
        fault('has no valid prefix length');
      } else if (this.judge(address) === 'always_denied') {
        fault('is a range that is never allowed (metadata, link-local or reserved)');
      } else {
        add(this.allowed, address, prefix === undefined ? undefined : Number(prefix));
      }
    }
  }

  /**
   * @param address a resolved IP address.
   * @param host the name that it was resolved from, where there was one.
   */
  judge(address: string, host?: string): EgressVerdict {
    const plain = unwrap(address);
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    if (ALWAYS_DENIED.check(plain, family)) return 'always_denied';
    return !PRIVATE.check(plain, family) || this.lists(plain, host) ? 'allowed' : 'private';
  }

  /** Whether the allow-list names the address, or the name that it was resolved from. */
  lists(address: string, host?: string): boolean {
    const plain = unwrap(address);
    return (
      this.allowed.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4') ||
      (host !== undefined && this.names.some((name) => matches(name, host)))
    );
  }
}

function isPrefix(text: string, max: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= max;
}

function matches(name: string, host: string): boolean {
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name;
}

/** The IPv4 address inside a mapped, compatible or NAT64 IPv6 address; other addresses as they are. */
export function unwrap(address: string): string {
  if (isIP(address) !== 6) return address;
  // The URL parser writes every IPv6 address in its one canonical form.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const inner = /^(?:::ffff:|::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!inner) return canonical;
  const [high, low] = [parseInt(inner[1] ?? '0', 16), parseInt(inner[2] ?? '0', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function list(...ranges: string[]): BlockList {
  const block = new BlockList();
  for (const range of ranges.join(' ').split(' ')) {
    const [address = '', prefix] = range.split('/');
    add(block, address, Number(prefix));
  }
  return block;
}

function add(block: BlockList, address: string, prefix: number | undefined): void {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  block.addSubnet(address, prefix ?? (family === 'ipv6' ? 128 : 32), family);
}
