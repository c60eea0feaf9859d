import { ERROR_CODES, type ErrorCode } from '../common/app-error.js';
import { CONNECTORS } from '../connectors/drivers/index.js';
import { remedyFor } from '../connectors/runtime/remedies.js';
import type { Capability, ConnectorDefinition } from '../connectors/spi/index.js';
import { exampleConnection } from '../openapi/request-examples.js';
import type { Schema } from '../openapi/schema.js';
import type { Proof } from './proofs.js';

const CAPABILITIES: Readonly<Record<Capability, string>> = {
  discover: 'its schema is discovered, at once and by interval',
  presign: 'its file is downloaded by a signed URL',
  query: 'its rows can be read by short statements of the product',
};

export interface Page {
  readonly file: string;
  readonly text: string;
}

/** One page for each type of source, from its spec and from what the contract suites have shown. */
export function connectorPages(proofs: readonly Proof[]): Page[] {
  const of = (type: string): Proof[] => proofs.filter((proof) => proof.type === type);
  const index = CONNECTORS.map(({ type, title, category }) => {
    const unproven = new Set(of(type).flatMap((proof) => Object.keys(proof.unproven)));
    return `| [${title}](${type}.md) | \`${type}\` | ${category} | ${cell(of(type).map(saidOf).join('; '))} | ${[...unproven].map((name) => name.replaceAll('_', ' ')).join(', ')} |`;
  });
  return [
    {
      file: 'README.md',
      text: page(
        '# Types of data sources',
        'Written by `npm run docs` from the specs of the connectors and from the contract suites that ran; change those, not these pages.',
        `| Title | \`type\` | Category | Proven on | Not proven |\n| --- | --- | --- | --- | --- |\n${index.join('\n')}`,
      ),
    },
    ...CONNECTORS.map((definition) => ({
      file: `${definition.type}.md`,
      text: connectorPage(definition, of(definition.type)),
    })),
  ];
}

function connectorPage(definition: ConnectorDefinition, proofs: readonly Proof[]): string {
  const { type, title, driver, capabilities, probe, install } = definition;
  const example = { name: `My ${title}`, connection: exampleConnection(definition) };
  return page(
    `# ${title}`,
    `\`type\`: \`${type}\`. ${driver ? `Driver: \`${driver}\`${install ? `, optional: \`npm install ${install}\`` : ''}.` : 'No driver is needed.'} ` +
      (probe === 'metadata'
        ? 'Checks and discovery use metadata calls alone: they start no compute and bill no query. '
        : '') +
      `Can do: ${capabilities.map((name) => `${CAPABILITIES[name]} (\`${name}\`)`).join('; ')}.`,
    provenSection(proofs),
    `## Register one\n\n\`POST /api/v1/data-sources\`${hasSecrets(definition) ? ', with its secrets added' : ''}:\n\n` +
      `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    `## Fields\n\n${fieldTable(definition)}\n\nSecrets are kept apart, encrypted, and never returned. A change of a field that says where secrets go needs all secrets in the same request.`,
    tlsSection(definition),
    `## Errors and remedies\n\n${remedies(definition)}`,
  );
}

function saidOf({ on, double }: Proof): string {
  return double === undefined ? on : `${double} (a double)`;
}

function provenSection(proofs: readonly Proof[]): string {
  const said = proofs.length === 0 ? 'nothing yet' : proofs.map(saidOf).join('; ');
  const unproven = proofs.flatMap(({ on, unproven: gaps }) =>
    Object.entries(gaps).map(([name, reason]) => `- ${name.replaceAll('_', ' ')} on ${on}: ${reason}`),
  );
  return [
    `Proven on: ${said}.`,
    ...(unproven.length > 0 ? [`Not proven:\n\n${unproven.join('\n')}`] : []),
  ].join('\n\n');
}

const page = (...parts: readonly string[]): string => `${parts.filter((part) => part !== '').join('\n\n')}\n`;

interface Row {
  readonly path: string;
  readonly field: Schema;
  readonly group: string;
  readonly required: boolean;
}

function rowsOf(schema: Schema, path = '', group = ''): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const own = field['x-group'] ?? group;
    if (field.properties) return rowsOf(field, at, own);
    const required = path === '' && schema.required?.includes(name) === true;
    return [{ path: at, field, group: own, required }];
  });
}

function fieldTable({ spec }: ConnectorDefinition): string {
  const rows = rowsOf(spec as unknown as Schema).map(({ path, field, group, required }) =>
    [
      `\`${path}\``,
      typeOf(field),
      required ? 'yes' : '',
      field.default === undefined ? '' : `\`${JSON.stringify(field.default).replaceAll('"', '')}\``,
      field.writeOnly === true ? 'secret' : field['x-destination'] === true ? 'destination' : '',
      group,
      cell([field.title, field.description].filter(Boolean).join(': ')),
    ].join(' | '),
  );
  return `| Field | Type | Required | Default | Mark | Group | Description |\n| --- | --- | --- | --- | --- | --- | --- |\n${rows
    .map((row) => `| ${row} |`)
    .join('\n')}`;
}

function typeOf(field: Schema): string {
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.enum) return field.enum.map((value) => `\`${String(value)}\``).join(', ');
  const { minimum, maximum, maxLength } = field;
  if (minimum !== undefined || maximum !== undefined)
    return `${String(field.type)}, ${String(minimum)}–${String(maximum)}`;
  return maxLength === undefined ? String(field.type) : `${String(field.type)}, at most ${String(maxLength)}`;
}

/** What each field of the block is for; a type may have only some of them. */
const TLS_FIELDS: Readonly<Record<string, string>> = {
  ca: 'a private authority: put its PEM text into `tls.ca`',
  server_name: 'a certificate with another name: `tls.server_name`',
  client_cert: 'a client certificate: `tls.client_cert` and the secret `tls.client_key`',
  mode: 'a server without TLS in a trusted network: `tls.mode` = `disable`; to weaken a saved source needs the permission `tls:weaken`',
};

function tlsSection({ spec }: ConnectorDefinition): string {
  const { tls } = spec.properties as Record<string, { readonly properties?: object } | undefined>;
  if (!tls) return '';
  const fields = Object.entries(TLS_FIELDS).filter(([name]) => name in (tls.properties ?? {}));
  return `## TLS

Without a \`tls\` block the connection is encrypted, and certificate and name are verified against the public authorities. There is no fall-back to plain text.

${fields.map(([, use]) => `- ${use}`).join('\n')}`;
}

/** Codes that cannot meet a source of a kind. */
const NETWORK: readonly ErrorCode[] = [
  'AUTH_FAILED',
  'DATABASE_NOT_FOUND',
  'TLS_FAILED',
  'HOST_UNKNOWN',
  'EGRESS_DENIED',
  'UNREACHABLE',
  'THROTTLED',
  'PROTOCOL',
  'QUERY_FAILED',
];

function remedies(definition: ConnectorDefinition): string {
  const isFile = definition.category === 'file';
  const config = exampleConnection(definition);
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => {
    const { blame } = ERROR_CODES[code];
    if (blame === 'caller' || blame === 'internal') return false;
    return isFile ? !NETWORK.includes(code) : !code.startsWith('FILE_');
  });
  const rows = codes.flatMap((code) => {
    const remedy = remedyFor(code, definition, config);
    if (!remedy) return [];
    const sql = (remedy.sql ?? []).map((statement) => `<br>\`${cell(statement)}\``).join('');
    return [`| [${code}](../problems.md#${code.toLowerCase()}) | ${cell(remedy.text)}${sql} |`];
  });
  return `With the connection above; a test gives the remedy for yours.\n\n| Code | Remedy |\n| --- | --- |\n${rows.join('\n')}`;
}

function hasSecrets({ spec }: ConnectorDefinition): boolean {
  return rowsOf(spec as unknown as Schema).some(({ field }) => field.writeOnly === true);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
