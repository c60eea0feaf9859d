import { Type, type Static } from 'typebox';
import {
  connectionSpec,
  database,
  endpoint,
  login,
  secret,
  text,
  tls,
  type ConnectionFault,
} from '../../spi/index.js';

/** 8.0 is what Microsoft calls "strict": TLS comes before the first byte of the protocol. */
const tdsVersion = () => ({
  tds_version: Type.Optional(
    Type.Enum(['7.4', '8.0'], {
      title: 'TDS version',
      description:
        '7.4 is spoken by every server and sets up TLS inside of the protocol; 8.0 ("strict") begins with TLS and needs SQL Server 2022 or a service of Azure.',
      default: '7.4',
      'x-destination': true,
      'x-group': 'tls',
      'x-schema': 'TdsVersion',
    }),
  ),
});

/** No connection string and no options: what reaches the driver are these fields alone. */
export const sqlserverSpec = connectionSpec('sqlserver', {
  ...endpoint(1433),
  ...database(),
  ...login(),
  ...tdsVersion(),
  ...tls(),
});

const GUID = '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$';

const azureFields = (server: string) => ({
  host: Type.String({ ...endpoint(1433).host, description: 'Name of the server.', examples: [server] }),
  port: endpoint(1433).port,
  ...database(),
  auth: Type.Optional(
    Type.Enum(['sql', 'service_principal'], {
      title: 'Login by',
      description:
        'sql: user name and password of the database; service_principal: an application of Microsoft Entra ID and its secret.',
      default: 'sql',
      'x-destination': true,
      'x-group': 'login',
      'x-schema': 'AzureLogin',
    }),
  ),
  username: Type.Optional(login().username),
  password: login().password,
  tenant_id: Type.Optional(
    text('Tenant', {
      description: 'Id of the directory of the application.',
      pattern: GUID,
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  client_id: Type.Optional(
    text('Application', {
      description: 'Id of the application (client id).',
      pattern: GUID,
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  client_secret: Type.Optional(secret('Secret of the application')),
  cloud: Type.Optional(
    Type.Enum(['public', 'us_government', 'china'], {
      title: 'Cloud',
      description: 'Which cloud of Microsoft hands out the token of an application.',
      default: 'public',
      'x-destination': true,
      'x-group': 'login',
      'x-schema': 'MicrosoftCloud',
    }),
  ),
  ...tdsVersion(),
  ...tls(),
});

export const azureSqlSpec = connectionSpec('azure_sql', azureFields('shop.database.windows.net'));
export const synapseSpec = connectionSpec('synapse', azureFields('shop.sql.azuresynapse.net'));

export type AzureConfig = Omit<Static<typeof azureSqlSpec>, 'type'>;
/** A connection of any of the three types. */
export type SqlServerConfig = Omit<Static<typeof sqlserverSpec>, 'type'> | AzureConfig;

const WANTED = {
  sql: ['username'],
  service_principal: ['tenant_id', 'client_id'],
} as const;
const SECRETS = { sql: 'password', service_principal: 'client_secret' } as const;

/** The services take no connection without TLS, and each way to log in has its own fields. */
export function azureFaults(config: AzureConfig): ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  if (config.tls?.mode === 'disable')
    faults.push({ pointer: '/tls/mode', code: 'invalid', detail: 'This service is reached by TLS alone.' });
  const auth = config.auth ?? 'sql';
  for (const field of WANTED[auth])
    if (config[field] === undefined)
      faults.push({ pointer: `/${field}`, code: 'required', detail: `A login by ${auth} needs it.` });
  const other = auth === 'sql' ? 'service_principal' : 'sql';
  for (const field of [...WANTED[other], SECRETS[other]])
    if (config[field] !== undefined)
      faults.push({ pointer: `/${field}`, code: 'invalid', detail: `A login by ${auth} has no use for it.` });
  return faults;
}
