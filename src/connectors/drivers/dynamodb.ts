import { recordsConnector } from '../families/records/records-connector.js';
import type { Remedy } from '../spi/index.js';
import { datasets, scopes } from './dynamodb/dynamodb-discovery.js';
import { DynamoDbLine } from './dynamodb/dynamodb-line.js';
import {
  dynamodbEndpoint,
  dynamodbFaults,
  dynamodbSpec,
  type DynamoDbConfig,
} from './dynamodb/dynamodb-spec.js';

const ACTIONS = '"dynamodb:ListTables","dynamodb:DescribeTable","dynamodb:Scan"';

function remedy(code: string, { region }: DynamoDbConfig): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check access_key_id and secret_access_key, that the key is active in IAM, and that temporary keys have their session_token and are not over.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Attach this policy to the user or role; without Scan set sample_items to 0.',
        sql: [
          `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[${ACTIONS}],"Resource":"arn:aws:dynamodb:${region}:*:table/*"},{"Effect":"Allow","Action":"dynamodb:ListTables","Resource":"*"}]}`,
        ],
      };
    default:
      return undefined;
  }
}

/** Amazon DynamoDB: tables with keys and indexes as declared, other attributes inferred from a few items. */
export const dynamodb = recordsConnector(
  {
    type: 'dynamodb',
    title: 'Amazon DynamoDB',
    category: 'nosql',
    spec: dynamodbSpec,
    concurrency: 'shared',
    probe: 'metadata',
    endpoint: dynamodbEndpoint,
    check: dynamodbFaults,
    remedy,
  },
  { codes: {}, connect: (config, context) => DynamoDbLine.open(config, context), scopes, datasets },
);
