import type { ErrorCode } from '../../common/app-error.js';
import type { TunnelFault } from './tunnel/tunnel-config.js';
import type { ConnectorDefinition, Remedy, ServerInfo } from '../spi/index.js';

/** What helps whatever the engine; a connector that knows better says so itself. */
const GENERAL: Partial<Record<ErrorCode, string>> = {
  CONFIG_INVALID:
    'Correct the fields that the errors name; GET /api/v1/data-sources/types/{type} lists all of them.',
  CREDENTIALS_REENTRY_REQUIRED: 'Send all secrets again together with the changed destination.',
  HOST_UNKNOWN: 'Check the spelling of the host, and that the DNS server of this product knows the name.',
  EGRESS_DENIED: 'Ask an operator to add the address to EGRESS_ALLOW, or use a public address of the source.',
  UNREACHABLE:
    'Check that the server runs and listens on this host and port, and that firewalls let the address of this product in.',
  TIMEOUT:
    'Check firewalls and security groups between this product and the source: packets are dropped without an answer, or the server is overloaded.',
  TUNNEL_FAILED: 'Check host, user and login of ssh_tunnel.',
  HOST_KEY_CHANGED: 'Ask who runs the SSH server whether its key was changed on purpose.',
  TLS_FAILED:
    'Put the PEM text of the authority that signed the server certificate into tls.ca, or set tls.server_name to the name in the certificate. Only where the network itself is trusted: tls.mode "require" encrypts without a check, "disable" sends everything in clear.',
  AUTH_FAILED:
    'Check user name and password; PATCH …/credentials stores a new password after a test with it.',
  PERMISSION_DENIED: 'Grant the account the right to connect and to read the catalog.',
  DATABASE_NOT_FOUND: 'Check the name of the database, in its exact case.',
  FILE_NOT_FOUND:
    "Check the path: it is relative to the organization's folder, with forward slashes, in its exact case.",
  FILE_UNREADABLE: 'Check that the file has the format of this type, and its options such as the delimiter.',
  BUSY: 'Try again in a moment, or raise pool.size.',
  THROTTLED: 'Try again later, or raise the limits of the source (connections, requests).',
  DRIVER_MISSING: 'Install the driver that GET /api/v1/data-sources/types names, and restart.',
  QUERY_FAILED: 'Look into the log of the source for the failed statement.',
  PROTOCOL: 'Check that host and port belong to a server of this type.',
  SECRET_BACKEND_UNAVAILABLE: 'Ask an operator to check APP_SECRET and the secret backend.',
};

/** What a tunnel itself knows to be done. */
export function tunnelRemedy({ code, details }: TunnelFault): Remedy & { docs_url: string } {
  return { text: details.hint ?? '', docs_url: docsOf(code) };
}

const docsOf = (code: ErrorCode): string => `/docs/problems#${code.toLowerCase()}`;

/** The best remedy that is known for a fault. */
export function remedyFor(
  code: ErrorCode,
  definition: ConnectorDefinition,
  config: Record<string, unknown>,
  server?: ServerInfo,
): (Remedy & { docs_url: string }) | undefined {
  const text = GENERAL[code];
  const remedy = definition.remedy?.(code, config, server) ?? (text ? { text } : undefined);
  return remedy && { ...remedy, docs_url: docsOf(code) };
}
