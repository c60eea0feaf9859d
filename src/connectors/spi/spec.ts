import { Type, type TProperties } from 'typebox';

/**
 * One declaration per connector. From it come the TypeScript type, the validation, the secret fields, the destination
 * that secrets are bound to, the UI form, the OpenAPI union and docs/connectors/<type>.md.
 *
 * Marks on a field: `writeOnly: true` is a secret, stored apart and never returned; `x-destination: true` says where the
 * secrets are sent or how they are protected on the way; `x-group` and `x-widget` are hints for a form; `x-schema` names
 * a block or an enum that several types share, for clients that are generated from OpenAPI. `examples` of the fields that
 * must be there make the example of the type; secrets never have any.
 */
export type Marks = Record<string, unknown>;

/** RFC 1123 names, underscores tolerated, and plain IP addresses: no ports, lists, URLs, sockets or user parts. */
export const HOST_PATTERN =
  '^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\\.?$|^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{0,37}$';

const NO_CONTROL = '^[^\\u0000-\\u001f\\u007f]*$';

/** A line of text without control characters. */
export const text = (title: string, marks: Marks = {}) =>
  Type.String({ title, minLength: 1, maxLength: 255, pattern: NO_CONTROL, ...marks });

/** A secret: kept apart, encrypted, bound to the destination, never returned. */
export const secret = (title: string, marks: Marks = {}) =>
  Type.String({
    title,
    minLength: 1,
    maxLength: 65_536,
    pattern: '^[^\\u0000]*$',
    writeOnly: true,
    format: 'password',
    'x-group': 'login',
    'x-widget': 'password',
    ...marks,
  });

/** PEM text, never a path: a driver must not be led to read files of the server. */
export const pem = (title: string, marks: Marks = {}) =>
  Type.String({
    title,
    maxLength: 65_536,
    pattern: '^\\s*-----BEGIN [A-Z0-9 ]+-----[A-Za-z0-9+/=\\s:,.-]+-----END [A-Z0-9 ]+-----\\s*$',
    'x-widget': 'textarea',
    ...marks,
  });

/** Host and port alone, for a server beside the one that the connection is about. */
export const serverAddress = (port: number) => ({
  host: Type.String({
    title: 'Host',
    description: 'Host name or IP address of the server.',
    minLength: 1,
    maxLength: 253,
    pattern: HOST_PATTERN,
    examples: ['db.example.com'],
    'x-destination': true,
    'x-group': 'server',
  }),
  port: Type.Optional(
    Type.Integer({
      title: 'Port',
      minimum: 1,
      maximum: 65_535,
      default: port,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
});

/** Further servers of the same source, as `host` or `host:port`. */
export const otherServers = (title: string, port: number, use: string, marks: Marks = {}) =>
  Type.Array(
    Type.String({
      pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$',
      maxLength: 260,
    }),
    {
      title,
      description: `As \`host\` or \`host:port\` (port ${String(port)} if left out); ${use}`,
      maxItems: 16,
      'x-destination': true,
      ...marks,
    },
  );

/** Who to trust and how to log in to one SSH server. Nothing runs there: no agent, no command, no shell. */
const sshServer = () => ({
  ...serverAddress(22),
  username: text('User name', { examples: ['tunnel'], 'x-destination': true }),
  password: Type.Optional(
    secret('Password', { description: 'In place of a private key.', 'x-group': 'tunnel' }),
  ),
  private_key: Type.Optional(
    secret('Private key', {
      description:
        'The text of the key file: OpenSSH, PEM, or PKCS#8 without a passphrase; at most 64 KB and 64 rounds of bcrypt.',
      'x-group': 'tunnel',
      'x-widget': 'textarea',
    }),
  ),
  passphrase: Type.Optional(
    secret('Passphrase', { description: 'Of the private key.', maxLength: 1_024, 'x-group': 'tunnel' }),
  ),
  host_key: Type.Optional(
    Type.String({
      title: 'Host key',
      description:
        'The key that the SSH server must show: its fingerprint (`SHA256:…`), or its line of known_hosts. Without it nothing is sent to the server; a test tells the fingerprint that it showed.',
      maxLength: 4_096,
      pattern: HOST_KEY_PATTERN,
      'x-destination': true,
    }),
  ),
});

/** A fingerprint as OpenSSH writes it, or the type and the key of a line of known_hosts; no @cert-authority, no @revoked. */
const HOST_KEY_PATTERN =
  '^\\s*(SHA256:[A-Za-z0-9+/]{43}=?|([^@\\s]\\S* )?(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}( [^\\u0000-\\u001f\\u007f]*)?)\\s*$';

/** The SSH server that a connection goes through, and one before it where there is one. */
export const sshTunnel = () => ({
  ssh_tunnel: Type.Optional(
    Type.Object(
      {
        ...sshServer(),
        jump: Type.Optional(
          Type.Object(sshServer(), {
            title: 'Jump host',
            description: 'The SSH server through which the SSH server of the tunnel is reached.',
            additionalProperties: false,
            'x-schema': 'SshServer',
          }),
        ),
      },
      {
        title: 'SSH tunnel',
        description:
          'Reaches the source through an SSH server; the host of the source is the name that it has there.',
        additionalProperties: false,
        'x-group': 'tunnel',
        'x-schema': 'SshTunnel',
      },
    ),
  ),
});

/** The server that a connection is about, which may be reached through SSH; see `openSocket`. */
export const endpoint = (port: number) => ({ ...serverAddress(port), ...sshTunnel() });

export const database = (marks: Marks = {}) => ({
  database: text('Database', {
    examples: ['shop'],
    'x-destination': true,
    'x-group': 'server',
    ...marks,
  }),
});

export const login = () => ({
  username: text('User name', {
    examples: ['datawave_reader'],
    'x-destination': true,
    'x-group': 'login',
  }),
  password: Type.Optional(secret('Password')),
});

/** From the weakest to the safe one. */
export const TLS_MODES = ['disable', 'require', 'verify_ca', 'verify_full'] as const;

export const tls = () => ({
  tls: Type.Optional(
    Type.Object(
      {
        mode: Type.Optional(
          Type.Enum(TLS_MODES, {
            title: 'Mode',
            description:
              'verify_full checks certificate and name; verify_ca the certificate only; require encrypts without a check; disable sends everything in clear. There is never a fall-back to plain text.',
            default: 'verify_full',
            'x-destination': true,
            'x-schema': 'TlsMode',
          }),
        ),
        ca: Type.Optional(
          pem('CA certificate', {
            description: 'PEM text of the authority to trust instead of the public ones.',
            'x-destination': true,
          }),
        ),
        client_cert: Type.Optional(pem('Client certificate')),
        client_key: Type.Optional(pem('Client key', { writeOnly: true, format: 'password' })),
        server_name: Type.Optional(
          Type.String({
            title: 'Server name',
            description: 'The name in the certificate where it is not the host.',
            maxLength: 253,
            pattern: HOST_PATTERN,
            'x-destination': true,
          }),
        ),
      },
      { title: 'TLS', additionalProperties: false, 'x-group': 'tls', 'x-schema': 'Tls' },
    ),
  ),
});

/** For services that speak TLS alone, with names of their own: nothing to choose but whom to trust. */
export const trust = () => ({
  tls: Type.Optional(
    Type.Object(
      {
        ca: Type.Optional(
          pem('CA certificate', {
            description:
              'PEM text of the authority to trust instead of the public ones, for a network whose proxy opens TLS.',
            'x-destination': true,
          }),
        ),
      },
      { title: 'TLS', additionalProperties: false, 'x-group': 'tls', 'x-schema': 'TlsTrust' },
    ),
  ),
});

export const filePath = (marks: Marks = {}) => ({
  file_path: Type.String({
    title: 'File path',
    description: "Path below the organization's folder, with forward slashes.",
    minLength: 1,
    maxLength: 1_024,
    pattern: '^[^\\u0000-\\u001f\\u007f\\\\]+$',
    'x-destination': true,
    'x-group': 'file',
    ...marks,
  }),
});

/** The connection schema of a connector: `type` plus its fields, unknown keys refused. */
export function connectionSpec<T extends string, P extends TProperties>(type: T, properties: P) {
  return Type.Object({ type: Type.Literal(type), ...properties }, { additionalProperties: false });
}
