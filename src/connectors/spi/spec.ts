import { Type, type TObject, type TProperties, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { AppError, type FieldFault } from '../../common/app-error.js';

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

export const endpoint = (port: number) => ({
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

type Json = Record<string, unknown>;
interface Marked {
  readonly properties?: Record<string, TSchema & Marks>;
}

/** Calls `visit` for each leaf of a spec with its path, such as `['tls', 'ca']`. */
function leaves(
  spec: TSchema,
  visit: (path: string[], field: TSchema & Marks) => void,
  path: string[] = [],
): void {
  for (const [name, field] of Object.entries((spec as Marked).properties ?? {})) {
    if ((field as Marked).properties) leaves(field, visit, [...path, name]);
    else visit([...path, name], field);
  }
}

/** Dotted paths of the secret fields, such as `password` and `tls.client_key`. */
export function secretFields(spec: TObject): string[] {
  const found: string[] = [];
  leaves(spec, (path, field) => field.writeOnly === true && found.push(path.join('.')));
  return found;
}

/** The value at a dotted path, own properties only. */
export function valueAt(object: unknown, path: string): unknown {
  let at: unknown = object;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Json)[key];
  }
  return at;
}

/** Splits a connection into what may be shown and the secrets by dotted path. The input is not changed. */
export function splitSecrets(
  spec: TObject,
  connection: Json,
): { open: Json; secrets: Record<string, string> } {
  const open = structuredClone(connection);
  const secrets: Record<string, string> = {};
  for (const path of secretFields(spec)) {
    const value = valueAt(connection, path);
    if (typeof value !== 'string') continue;
    secrets[path] = value;
    const parent = path.includes('.') ? valueAt(open, path.slice(0, path.lastIndexOf('.'))) : open;
    // A dynamic delete is what splitting is: the copy is ours.
    Reflect.deleteProperty(parent as Json, path.slice(path.lastIndexOf('.') + 1));
  }
  return { open, secrets };
}

/** Puts secrets back at their dotted paths. */
export function joinSecrets(open: Json, secrets: Readonly<Record<string, string>>): Json {
  const joined = structuredClone(open);
  for (const [path, value] of Object.entries(secrets)) {
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let at = joined;
    for (const key of keys) at = (at[key] ??= {}) as Json;
    at[last] = value;
  }
  return joined;
}

/**
 * The text that secrets are bound to: type and every `x-destination` field, normalised (case and trailing dot of host
 * names, defaults left out), so that equal destinations are equal text.
 */
export function destinationOf(spec: TObject, connection: Json): string {
  const parts: [string, unknown][] = [];
  leaves(spec, (path, field) => {
    if (path.length === 1 && path[0] === 'type') parts.push(['type', (field as { const?: unknown }).const]);
    if (field['x-destination'] !== true) return;
    const value = valueAt(connection, path.join('.'));
    // A default counts as left out, so that a field that a later version adds moves no source that exists.
    if (value === undefined || value === field.default) return;
    parts.push([path.join('.'), typeof value === 'string' && isHost(field) ? normalizeHost(value) : value]);
  });
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isHost = (field: Marks): boolean => field.pattern === HOST_PATTERN;

/** Lower case, no trailing dot. */
export function normalizeHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

/** The part of a connector's definition that judges a connection. */
interface Checked {
  readonly spec: TObject;
  /** Further faults, with pointers from the connection on, such as `/project`. */
  check?(config: never): readonly (FieldFault & { readonly pointer: string })[];
}

const compiled = new WeakMap<TObject, ReturnType<typeof Compile>>();

/**
 * Checks a connection against its spec, then by the connector's own rules: every fault with its JSON pointer, never a
 * value. Gives back a copy with the defaults filled in.
 *
 * @param at pointer of the connection in the request, such as `/connection`.
 */
export function validateConnection(definition: Checked, connection: unknown, at = '/connection'): Json {
  const { spec } = definition;
  let checker = compiled.get(spec);
  if (!checker) compiled.set(spec, (checker = Compile(spec)));
  if (!checker.Check(connection)) {
    throw new AppError('CONFIG_INVALID', 'The connection does not fit its type.', {
      errors: faultsOf([...checker.Errors(connection)], at),
    });
  }
  const complete = Value.Default(spec, structuredClone(connection)) as Json;
  const faults = definition.check?.(complete as never) ?? [];
  if (faults.length > 0)
    throw new AppError('CONFIG_INVALID', 'The connection does not fit its type.', {
      errors: faults.map((fault) => ({ ...fault, pointer: at + fault.pointer })),
    });
  return complete;
}

interface RawFault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

function faultsOf(raw: readonly RawFault[], at: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const unknown = (pointer: string): void => {
    if (faults.some((fault) => fault.pointer === pointer && fault.code === 'unknown_field')) return;
    faults.push({ pointer, code: 'unknown_field', detail: 'This field is not known.' });
  };
  for (const { keyword, instancePath, message, params } of raw) {
    const pointer = at + instancePath;
    if (keyword === 'additionalProperties') {
      for (const key of (params as { additionalProperties: string[] }).additionalProperties)
        unknown(`${pointer}/${escapePointer(key)}`);
    } else if (keyword === 'required') {
      for (const key of (params as { requiredProperties: string[] }).requiredProperties)
        faults.push({
          pointer: `${pointer}/${escapePointer(key)}`,
          code: 'required',
          detail: 'This field is required.',
        });
    } else if (keyword === 'enum') {
      const { allowedValues } = params as { allowedValues: unknown[] };
      faults.push({ pointer, code: 'enum', detail: `It must be one of ${allowedValues.join(', ')}.` });
    } else if (keyword === 'boolean') {
      // A field that is not in the spec; the list of all of them may be missing where they are many.
      unknown(pointer);
    } else {
      faults.push({
        pointer,
        code: keyword,
        detail: keyword === 'pattern' ? 'This is not in the expected form.' : `It ${message}.`,
      });
    }
  }
  return faults.length > 0 ? faults : [{ pointer: at, code: 'invalid', detail: 'The value does not fit.' }];
}

function escapePointer(key: string): string {
  return key.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}
