import { Type, type Static } from 'typebox';
import { connectionSpec, secret, text, trust, type ConnectionFault } from '../../spi/index.js';

/** The domains of Databricks, and no other: a token is sent to these alone. */
const WORKSPACE_PATTERN =
  '^[a-z0-9-]+(\\.[a-z0-9-]+){0,4}\\.(cloud\\.databricks\\.(com|us|mil)|gcp\\.databricks\\.com|azuredatabricks\\.net|databricks\\.azure\\.(us|cn))$';

/** What is in a token, and fits a header. */
const TOKEN = { maxLength: 16_384, pattern: '^[A-Za-z0-9._~+/=-]+$' };

export const databricksSpec = connectionSpec('databricks', {
  workspace: text('Workspace', {
    description: 'Host name of the workspace, in lower case, as it stands in its URL.',
    maxLength: 253,
    pattern: WORKSPACE_PATTERN,
    examples: ['dbc-a1b2c3d4-e5f6.cloud.databricks.com'],
    'x-destination': true,
    'x-group': 'server',
  }),
  catalog: Type.Optional(
    text('Catalog', {
      description: 'The one catalog of Unity Catalog to discover; without it, all that the account may see.',
      examples: ['main'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  access_token: Type.Optional(
    secret('Access token', {
      description: 'A personal access token of a user or a service principal.',
      ...TOKEN,
    }),
  ),
  client_id: Type.Optional(
    text('Client id', {
      description:
        'Application id of a service principal, for OAuth; with the client secret, in place of a token.',
      pattern: '^[A-Za-z0-9-]+$',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  client_secret: Type.Optional(secret('Client secret', TOKEN)),
  ...trust(),
});

export type DatabricksConfig = Static<typeof databricksSpec>;

/** One way to log in. Secrets that a change leaves as they are do not come along. */
export function checkDatabricks(config: DatabricksConfig): readonly ConnectionFault[] {
  const { access_token: token, client_id: client, client_secret: key } = config;
  if (token !== undefined && (client !== undefined || key !== undefined))
    return [
      {
        pointer: '/access_token',
        code: 'exclusive',
        detail: 'Give a token, or a client id with its secret, not both.',
      },
    ];
  if (key !== undefined && client === undefined)
    return [{ pointer: '/client_id', code: 'required', detail: 'A client secret belongs to a client id.' }];
  return [];
}
