import { Type, type Static } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import { awsHost, s3Fields } from '../../families/files/stores/s3/s3-spec.js';
import { connectionSpec, normalizeHost, type Address, type ConnectionFault } from '../../spi/index.js';

const { region, host, port, tls, ...keys } = s3Fields();
const { access_key_id, secret_access_key, session_token, role_arn, external_id } = keys;

export const dynamodbSpec = connectionSpec('dynamodb', {
  region: Type.String({
    ...region,
    title: 'Region',
    description: 'Region whose tables are discovered.',
    examples: ['eu-central-1'],
  }),
  host,
  port,
  access_key_id,
  secret_access_key,
  session_token,
  role_arn,
  external_id,
  sample_items: Type.Optional(
    Type.Integer({
      title: 'Sampled items',
      description:
        'Items of each table that are read to infer its attributes; each 4 KB of them cost half a read unit. 0 reads none: only keys are known then.',
      minimum: 0,
      maximum: 100,
      default: 20,
      'x-group': 'discovery',
    }),
  ),
  tls,
});

export type DynamoDbConfig = Static<typeof dynamodbSpec>;

export function dynamodbEndpoint(config: DynamoDbConfig): Address {
  return {
    host: normalizeHost(config.host ?? awsHost('dynamodb', config.region)),
    port: config.port ?? (config.tls?.mode === 'disable' ? 80 : 443),
  };
}

/** @throws AppError AMBIENT_CREDENTIALS_FORBIDDEN where no key is named: those of this machine are never taken. */
export function dynamodbFaults(config: DynamoDbConfig): readonly ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const fault = (pointer: string, detail: string): void =>
    void faults.push({ pointer, code: 'excluded', detail });
  if (config.access_key_id === undefined)
    throw new AppError('AMBIENT_CREDENTIALS_FORBIDDEN', 'DynamoDB needs keys of its own.', {
      errors: [{ pointer: '/connection/access_key_id', code: 'required', detail: 'Give an access key.' }],
      hint: 'Give access_key_id and secret_access_key.',
    });
  if (config.external_id !== undefined && config.role_arn === undefined)
    fault('/external_id', 'It is told to a role, and there is none.');
  if (config.host === undefined) {
    if (config.port !== undefined) fault('/port', 'It belongs to a host, and there is none.');
    if (config.tls?.mode === 'disable') fault('/tls/mode', 'AWS is only reached with TLS.');
  }
  return faults;
}
