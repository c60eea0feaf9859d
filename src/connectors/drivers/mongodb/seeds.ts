import dns from 'node:dns/promises';
import { AppError } from '../../../common/app-error.js';
import { addressIn } from '../../families/named-address.js';
import { normalizeHost, toConnectorError, type Address } from '../../spi/index.js';
import { DEFAULT_PORT, type MongoDbConfig } from './mongodb-spec.js';

/** What one question to a DNS server may take; each server is asked twice. */
const DNS_MS = 3_000;

/** The servers to ask first: those of the connection, or those of the SRV record of its host. */
export async function seedsOf(config: MongoDbConfig, signal: AbortSignal): Promise<Address[]> {
  const { host, port = DEFAULT_PORT, srv = false, others = [] } = config;
  if (srv) return recorded(normalizeHost(host), signal);
  return [{ host, port }, ...others.map((text) => addressIn(text, DEFAULT_PORT))];
}

/**
 * The members in an SRV record. Where one of them lies outside of the domain of the name, none of them is believed: whoever
 * may answer for a name must not be able to send credentials to another one's servers.
 */
async function recorded(name: string, signal: AbortSignal): Promise<Address[]> {
  const resolver = new dns.Resolver({ timeout: DNS_MS, tries: 2 });
  // Those of the process: its named exports would be the ones that it began with.
  resolver.setServers(dns.getServers());
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    const found = await resolver.resolveSrv(`_mongodb._tcp.${name}`);
    const members = found.map(({ name: host, port }) => ({ host: normalizeHost(host), port }));
    const domain = domainOf(name);
    if (members.some(({ host }) => !host.endsWith(domain)))
      throw new AppError(
        'HOST_UNKNOWN',
        `The SRV record names a member outside of ${domain.slice(1)}; none of its members is dialled.`,
      );
    return members;
  } catch (error) {
    throw signal.aborted ? signal.reason : toConnectorError(error, { ETIMEOUT: 'TIMEOUT' }, 'HOST_UNKNOWN');
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** What the names of members end with: all after the first label; the whole of a name of one or two, as `.com` is nobody's. */
function domainOf(name: string): string {
  const labels = name.split('.');
  return `.${(labels.length > 2 ? labels.slice(1) : labels).join('.')}`;
}
