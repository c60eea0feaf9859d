import { Type, type Static } from 'typebox';
import {
  connectionSpec,
  endpoint,
  normalizeHost,
  secret,
  text,
  tls,
  type Address,
  type ConnectionFault,
} from '../../spi/index.js';

const { host, port } = endpoint(443);

export const cosmosSpec = connectionSpec('cosmos_db', {
  account: Type.Optional(
    Type.String({
      title: 'Account',
      description: 'Name of the account, as in `account.documents.azure.com`.',
      pattern: '^[a-z0-9]([a-z0-9-]{1,48}[a-z0-9])$',
      examples: ['shop-prod'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  host: Type.Optional({
    ...host,
    description:
      'Host of the account where it is not below documents.azure.com: another cloud, or the emulator.',
    examples: ['shop-prod.documents.azure.us'],
  }),
  port,
  database: Type.Optional(
    text('Database', {
      description: 'Only this one; all of the account if left out.',
      pattern: '^[^/\\\\#?\\u0000-\\u001f\\u007f]+$',
      examples: ['shop'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  account_key: Type.Optional(
    secret('Account key', {
      description: 'A primary or secondary key of the account; a read-only one is enough.',
      maxLength: 256,
      pattern: '^[A-Za-z0-9+/]+={0,2}$',
    }),
  ),
  sample_items: Type.Optional(
    Type.Integer({
      title: 'Sampled items',
      description:
        'Items of each container that are read to infer its fields; a page of them costs a few request units. 0 reads none: only keys are known then.',
      minimum: 0,
      maximum: 100,
      default: 20,
      'x-group': 'discovery',
    }),
  ),
  ...tls(),
});

export type CosmosConfig = Static<typeof cosmosSpec>;

export function cosmosEndpoint({ account, host: other, port: at = 443 }: CosmosConfig): Address {
  return { host: normalizeHost(other ?? `${account ?? ''}.documents.azure.com`), port: at };
}

export function cosmosFaults({
  account,
  host: other,
  tls: secure,
}: CosmosConfig): readonly ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  if (account === undefined && other === undefined)
    faults.push({ pointer: '/account', code: 'required', detail: 'Give the account, or the host of one.' });
  if (account !== undefined && other !== undefined)
    faults.push({ pointer: '/host', code: 'excluded', detail: 'The account says where it is already.' });
  if (account !== undefined && secure?.mode === 'disable')
    faults.push({ pointer: '/tls/mode', code: 'excluded', detail: 'Azure is only reached with TLS.' });
  return faults;
}
