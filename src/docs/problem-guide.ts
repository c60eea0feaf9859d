import type { ErrorCode } from '../common/app-error.js';

export interface Guidance {
  readonly means: string;
  readonly act: string;
}

/** What each code means and what to do about it. Who must act follows from the code's blame. */
export const PROBLEM_GUIDE: Readonly<Record<ErrorCode, Guidance>> = {
  MALFORMED_REQUEST: {
    means:
      'The request could not be parsed: broken JSON, a path that is no valid URL, or headers that are too large.',
    act: 'Correct the syntax; `detail` says which part.',
  },
  UNAUTHENTICATED: {
    means: 'No access token was sent, or it is expired, not yet valid, or not signed for this API.',
    act: 'Send `Authorization: Bearer <access_token>` with a fresh token. `WWW-Authenticate` says what is wrong.',
  },
  FORBIDDEN: {
    means: 'The token is good, but none of its roles holds the permission that the operation needs.',
    act: 'Ask an administrator of your organization for a role with the permission that `WWW-Authenticate` names as scope.',
  },
  NOT_FOUND: {
    means:
      'There is no such resource in your organization, or no such route. Resources of others look exactly the same.',
    act: 'Check the id. A deleted data source is found with `include_deleted=true` and comes back by `POST …/restore`.',
  },
  METHOD_NOT_ALLOWED: {
    means: 'The path exists, but not with this method.',
    act: 'Use one of the methods in the `Allow` header.',
  },
  CONFLICT: {
    means:
      'The resource is not in a state that allows this, or a name is taken: names of data sources are unique in an organization.',
    act: 'Read `detail`, fetch the resource again, and choose another name or another operation.',
  },
  VERSION_MISMATCH: {
    means:
      '`If-Match` names another version than the current one: somebody changed the configuration of the data source since you read it.',
    act: 'Read it again, apply your change to what you find, and send the new `ETag`.',
  },
  PAYLOAD_TOO_LARGE: {
    means: 'The body is larger than 1 MiB, or holds more than 2,000 values or 200 fields in one object.',
    act: 'Send less; connections and settings are small.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    means: 'The body is neither `application/json` nor, for a PATCH, `application/merge-patch+json`.',
    act: 'Set `Content-Type`.',
  },
  VALIDATION_FAILED: {
    means: 'Fields, parameters or headers are missing, unknown or out of range.',
    act: '`errors` names each one by `pointer` (body) or `parameter` and says what is expected.',
  },
  CONFIG_INVALID: {
    means: 'The connection does not fit its type.',
    act: '`errors` names each field; `GET /api/v1/data-sources/types/{type}` lists all fields of the type.',
  },
  UNSUPPORTED: {
    means: 'The type, the version of the server or this installation does not offer what was asked for.',
    act: '`GET /api/v1/data-sources/types` lists the capabilities of each type; a test lists those of a source.',
  },
  CREDENTIALS_REENTRY_REQUIRED: {
    means:
      'The change would send stored secrets to another place, or protect them less on the way. Whoever changes the destination must know the secrets.',
    act: 'Send all secrets that `errors` names together with the change.',
  },
  AMBIENT_CREDENTIALS_FORBIDDEN: {
    means: 'The source would be reached with an identity of the server that the product runs on.',
    act: 'Give the source credentials of its own.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    means: 'The `Idempotency-Key` was used before for a request with another body.',
    act: 'Use a new key for each new request, and the same key only to repeat one.',
  },
  FILE_TOO_LARGE_INFLATED: {
    means: 'The file is small as it is stored, but unpacked it exceeds the limit.',
    act: 'Split the file, or store it unpacked.',
  },
  PRECONDITION_REQUIRED: {
    means: 'The operation changes something that others may be changing too, so it needs `If-Match`.',
    act: 'Read the resource and send its `ETag` as `If-Match`.',
  },
  RATE_LIMITED: {
    means: 'Too many tests of connections within a minute, or too many open streams.',
    act: 'Wait as long as `Retry-After` says, and close streams that nobody reads.',
  },
  AUTH_FAILED: {
    means: 'The source was reached and refused user name, password, key or certificate.',
    act: 'Check the account on the source and store the new secret with `PATCH …/credentials`. The product does not log in again by itself, so that no account is locked.',
  },
  PERMISSION_DENIED: {
    means: 'The login works, but the account may not do what is needed.',
    act: 'Run the statements of the remedy: they grant this account exactly what is missing.',
  },
  DATABASE_NOT_FOUND: {
    means: 'The server has no database of this name.',
    act: 'Check the name in its exact case, and that the account may see it.',
  },
  FILE_NOT_FOUND: {
    means: "There is no file at this path below the organization's folder.",
    act: 'Check the path: relative, with forward slashes, in its exact case.',
  },
  FILE_UNREADABLE: {
    means:
      'The file is there but is not what its type says: not CSV, not JSON, damaged, or in another encoding.',
    act: 'Check the file, its type and its options, such as `delimiter` and `encoding`.',
  },
  TLS_FAILED: {
    means:
      'No TLS connection that can be trusted: unknown authority, another name, expired, or a server without TLS.',
    act: 'Put the PEM text of the authority into `tls.ca`, or set `tls.server_name` to the name in the certificate. Weaker modes need the permission `tls:weaken`.',
  },
  HOST_UNKNOWN: {
    means: 'The name of the host cannot be resolved from where the product runs.',
    act: 'Check the spelling and the DNS server of the product.',
  },
  TUNNEL_FAILED: {
    means: 'The SSH tunnel to the source cannot be opened.',
    act: 'Look at the step that failed: its remedy says which host key to pin, which key to write anew, or which line of sshd_config allows the forwarding. See ssh-tunnels.md.',
  },
  HOST_KEY_CHANGED: {
    means:
      'The SSH server shows another host key than the pinned one: it was replaced, or somebody stands in between.',
    act: 'Ask its administrator for the new fingerprint, and pin it only if it is the same.',
  },
  EGRESS_DENIED: {
    means:
      'The source resolves to an address that the product must not dial, such as a private or a metadata address.',
    act: 'Use a public address, or ask an operator to add the address to `EGRESS_ALLOW`.',
  },
  UNREACHABLE: {
    means: 'The source refused or dropped the connection.',
    act: 'Check that the server runs, listens on this host and port, and that firewalls let the product in. The product keeps trying, ever more slowly.',
  },
  TIMEOUT: {
    means: 'The source did not answer before the deadline.',
    act: 'Firewalls that drop packets look like this; so does an overloaded server. Deadlines are set in `pool` and `health`.',
  },
  THROTTLED: {
    means: 'The source takes no more connections or requests for now.',
    act: 'Wait, or raise the limits of the source or of this account.',
  },
  BUSY: {
    means: 'All sessions that the product may hold to this source are in use.',
    act: 'Try again in a moment, or raise `pool.size`.',
  },
  SOURCE_PAUSED: {
    means: 'The data source is paused or in maintenance, so it is not contacted.',
    act: 'Resume it with `POST …/resume`, or wait until the pause ends by itself.',
  },
  CANCELLED: {
    means:
      'The work was cancelled: by a person, because the process stops, or because another worker took it over.',
    act: 'Start it again if it is still wanted.',
  },
  QUERY_FAILED: {
    means: 'The source failed at a statement that should work.',
    act: 'Look into the log of the source. If it repeats, report it with `request_id` and the native code in `detail`.',
  },
  PROTOCOL: {
    means: 'Something answers on this port, but it is not a server of this type.',
    act: 'Check host, port and type.',
  },
  DRIVER_MISSING: {
    means: 'The driver of this type is not installed where the product runs.',
    act: 'Install the package that `GET /api/v1/data-sources/types` names, and restart.',
  },
  SECRET_BACKEND_UNAVAILABLE: {
    means:
      'The stored secrets cannot be decrypted: a key is missing, or the place of the keys does not answer.',
    act: 'Check `APP_SECRET`: it must hold every secret that keys were wrapped with, the newest first. Then restart.',
  },
  ATTEMPTS_EXHAUSTED: {
    means:
      'Work in the background, such as a test or a discovery run, failed inside the product or ended its worker at every try.',
    act: 'Ask an operator to look for `jobs.run_failed` and `jobs.given_up` in the logs, and start the work again afterwards.',
  },
  DATABASE_UNAVAILABLE: {
    means: "The product's own database does not answer.",
    act: 'Bring PostgreSQL back; the product recovers without a restart. Callers repeat after `Retry-After`.',
  },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    means: 'The keys that check access tokens cannot be fetched.',
    act: 'Check `JWT_JWKS_URL` and the way to it. Callers repeat after `Retry-After`.',
  },
  INTERNAL: {
    means: 'The product failed in a way that it does not know.',
    act: 'Find `request_id` in the log, and report it.',
  },
};
