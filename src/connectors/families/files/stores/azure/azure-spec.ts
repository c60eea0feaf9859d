import { Type, type Static, type TObject } from 'typebox';
import { AppError } from '../../../../../common/app-error.js';
import {
  HOST_PATTERN,
  normalizeHost,
  secret,
  tls,
  type Address,
  type ConnectionFault,
} from '../../../../spi/index.js';

/** Everything but the container. */
export const azureFields = () => ({
  account: Type.String({
    title: 'Storage account',
    pattern: '^[a-z0-9]{3,24}$',
    examples: ['acmelake'],
    'x-destination': true,
    'x-group': 'server',
  }),
  account_key: Type.Optional(
    secret('Account key', {
      pattern: '^[A-Za-z0-9+/]{16,200}={0,2}$',
      description: 'Shared key of the account.',
    }),
  ),
  sas_token: Type.Optional(
    secret('SAS token', {
      pattern: '^\\??[A-Za-z0-9_.~%&=+/:,!*-]{1,4096}$',
      description: 'Shared access signature that allows reading and listing, such as `sv=…&sig=…`.',
    }),
  ),
  tenant_id: Type.Optional(
    Type.String({
      title: 'Tenant ID',
      description: 'Of Microsoft Entra ID, with client_id and client_secret.',
      pattern: '^[A-Za-z0-9.-]{1,128}$',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  client_id: Type.Optional(
    Type.String({
      title: 'Client ID',
      description: 'Of the application.',
      pattern: '^[A-Za-z0-9-]{1,128}$',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  client_secret: Type.Optional(secret('Client secret')),
  anonymous: Type.Optional(
    Type.Boolean({
      title: 'Anonymous',
      description: 'Reads a public container without a key.',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  host: Type.Optional(
    Type.String({
      title: 'Host',
      description:
        'Host of a private endpoint, another cloud or an emulator; <account>.blob.core.windows.net if left out.',
      minLength: 1,
      maxLength: 253,
      pattern: HOST_PATTERN,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  port: Type.Optional(
    Type.Integer({
      title: 'Port',
      description: 'Of such a host; 443, or 80 without TLS, if left out.',
      minimum: 1,
      maximum: 65_535,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  path_style: Type.Optional(
    Type.Boolean({
      title: 'Path style',
      description:
        'Whether the account stands in the path of the URL, as with emulators; by default where the host does not begin with it.',
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  ...tls(),
});

export const containerField = () => ({
  container: Type.String({
    title: 'Container',
    pattern: '^(\\$(root|web|logs)|[a-z0-9]([a-z0-9-]{1,61}[a-z0-9]))$',
    examples: ['raw'],
    'x-destination': true,
    'x-group': 'server',
  }),
});

export type AzureConfig = Static<TObject<ReturnType<typeof azureFields>>>;

export function azureEndpoint({ account, host, port, tls: security }: AzureConfig): Address {
  return {
    host: normalizeHost(host ?? `${account}.blob.core.windows.net`),
    port: port ?? (security?.mode === 'disable' ? 80 : 443),
  };
}

/** Whether the account stands in the path. */
export function isAccountInPath({ account, host, path_style: style }: AzureConfig): boolean {
  return style ?? (host !== undefined && !normalizeHost(host).startsWith(`${account}.`));
}

/**
 * What the fields mean together. A login is one of key, SAS, application or the word that there is none; a secret that a
 * change leaves as it is does not come along, so its absence is found out when the store is opened.
 */
export function checkAzure(config: AzureConfig, at = ''): readonly ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const fault = (field: string, code: string, detail: string): void =>
    void faults.push({ pointer: `${at}/${field}`, code, detail });
  const logins = [
    ['account_key', config.account_key],
    ['sas_token', config.sas_token],
    ['client_id', config.client_id],
    ['anonymous', config.anonymous === true ? true : undefined],
  ] as const;
  const given = logins.filter(([, value]) => value !== undefined).map(([name]) => name);
  for (const name of given.slice(1))
    fault(name, 'excluded', `There is one login only: ${given[0] ?? ''} is given already.`);
  if ((config.tenant_id === undefined) !== (config.client_id === undefined))
    fault(
      config.tenant_id === undefined ? 'tenant_id' : 'client_id',
      'required',
      'An application needs both.',
    );
  if (config.host === undefined) {
    if (config.port !== undefined) fault('port', 'excluded', 'It belongs to a host, and there is none.');
    if (config.path_style === true)
      fault('path_style', 'excluded', 'It belongs to a host, and there is none.');
    if (config.tls?.mode === 'disable') fault('tls/mode', 'excluded', 'Azure is only reached with TLS.');
  }
  return faults;
}

/** @throws AppError AMBIENT_CREDENTIALS_FORBIDDEN where the connection has no login of its own. */
export function azureLoginOf(config: AzureConfig) {
  const { account_key: key, sas_token: sas, tenant_id: tenant, client_id: client, client_secret } = config;
  if (key !== undefined) return { kind: 'account_key', key: Buffer.from(key, 'base64') } as const;
  if (sas !== undefined) return { kind: 'sas', query: sas.replace(/^\?/, '') } as const;
  if (tenant !== undefined && client !== undefined && client_secret !== undefined)
    return { kind: 'application', tenant, client, secret: client_secret } as const;
  if (config.anonymous === true) return { kind: 'anonymous' } as const;
  throw new AppError('AMBIENT_CREDENTIALS_FORBIDDEN', 'The store needs a login of its own.', {
    hint: 'Give account_key, sas_token, or tenant_id, client_id and client_secret, or set `anonymous` for a public container.',
  });
}
export type AzureLogin = ReturnType<typeof azureLoginOf>;
