import { Compile } from 'typebox/compile';
import {
  CAPABILITIES,
  SPI_VERSION,
  type Capability,
  type Category,
  type ConnectorDefinition,
} from '../spi/index.js';

const CATEGORIES: readonly Category[] = ['sql', 'nosql', 'warehouse', 'file', 'streaming', 'api'];
/** Blocks of the SPI that share one component of the OpenAPI document; another schema must not take their names. */
const SHARED_SCHEMAS = ['Tls', 'TlsMode', 'SshTunnel', 'SshServer'];

type Loose = Readonly<Record<string, unknown>>;

/**
 * The definition that a plugin's module exports, or in one sentence why it does not fit.
 *
 * @param exported the module namespace: `spiVersion` and, as default, the result of `defineConnector`.
 * @param taken types that there are already.
 */
export function fitOf(exported: Loose, taken: readonly string[]): ConnectorDefinition | string {
  const { spiVersion, default: definition } = exported;
  if (spiVersion !== SPI_VERSION)
    return `it is written for SPI version ${shown(spiVersion)}, and this product has version ${String(SPI_VERSION)} (export const spiVersion = ${String(SPI_VERSION)})`;
  if (!isObject(definition)) return 'its default export is not the result of defineConnector';
  const fault = faultOf(definition, taken) ?? faultOfSpec(definition.spec, definition.type as string);
  return fault ?? (definition as unknown as ConnectorDefinition);
}

function faultOf(definition: Loose, taken: readonly string[]): string | undefined {
  const { type, title, category, capabilities, concurrency, probe, open } = definition;
  if (typeof type !== 'string' || !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(type) || type.length > 63)
    return `its type ${shown(type)} is not snake_case`;
  if (taken.includes(type)) return `its type ${type} is taken`;
  if (typeof title !== 'string' || title.trim() === '') return 'it has no title';
  if (!CATEGORIES.includes(category as Category))
    return `its category must be one of ${CATEGORIES.join(', ')}`;
  if (!Array.isArray(capabilities)) return 'its capabilities are not a list';
  const named: readonly unknown[] = capabilities;
  const strange = named.find((name) => !CAPABILITIES.includes(name as Capability));
  if (strange !== undefined || new Set(named).size !== named.length)
    return `its capabilities must be of ${CAPABILITIES.join(', ')}, each once`;
  if (concurrency !== 'exclusive' && concurrency !== 'shared')
    return 'its concurrency must be exclusive or shared';
  if (probe !== undefined && probe !== 'session' && probe !== 'metadata')
    return 'its probe must be session or metadata';
  if (typeof open !== 'function') return 'it has no function open';
  const strayed = ['check', 'endpoint', 'remedy'].find(
    (name) => definition[name] !== undefined && typeof definition[name] !== 'function',
  );
  return strayed === undefined ? undefined : `its ${strayed} is no function`;
}

function faultOfSpec(spec: unknown, type: string): string | undefined {
  if (!isObject(spec) || spec.type !== 'object' || !isObject(spec.properties))
    return 'its spec is not an object schema; make it with connectionSpec';
  const own = spec.properties.type;
  if (!isObject(own) || own.const !== type)
    return `its spec has not type ${type}; make it with connectionSpec`;
  try {
    Compile(JSON.parse(JSON.stringify(spec)) as ConnectorDefinition['spec']);
  } catch {
    return 'its spec is no JSON Schema that can be compiled';
  }
  return faultOfSchema(spec, '');
}

/** Only what the product can split, bind and show: named fields, no maps of options, no secret inside a list. */
function faultOfSchema(schema: Loose, at: string): string | undefined {
  if (schema.type === 'object') {
    if (!isObject(schema.properties) || schema.additionalProperties !== false)
      return `its spec allows unknown keys at ${at === '' ? 'the top' : at} (additionalProperties must be false)`;
    const shared = schema['x-schema'];
    if (shared !== undefined && !SHARED_SCHEMAS.includes(shared as string))
      return `its spec has an x-schema at ${at}, which is for the product's own blocks`;
  }
  if (schema.writeOnly === true && schema['x-destination'] === true)
    return `its field ${at} is a secret and a destination`;
  if (schema.type === 'array' && JSON.stringify(schema.items ?? {}).includes('"writeOnly":true'))
    return `its field ${at} is a list of secrets, which are not kept apart`;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const fault = isObject(field)
      ? faultOfSchema(field, at === '' ? name : `${at}.${name}`)
      : `its field ${name} is no schema`;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? String(value).slice(0, 40)
    : `(${typeof value})`;
}
