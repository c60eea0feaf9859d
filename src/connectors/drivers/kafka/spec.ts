import { Type, type Static } from 'typebox';
import { clientCredentials, tokenUrlFaults } from '../../families/http/client-credentials.js';
import {
  connectionSpec,
  endpoint,
  secret,
  serverAddress,
  text,
  tls,
  type ConnectionFault,
} from '../../spi/index.js';

const MECHANISMS = ['none', 'plain', 'scram_sha_256', 'scram_sha_512', 'oauthbearer'] as const;

export const kafkaSpec = connectionSpec('kafka', {
  ...endpoint(9092),
  sasl: Type.Optional(
    Type.Enum([...MECHANISMS], {
      title: 'SASL mechanism',
      description:
        'How to log in; none where the listener asks for nothing or for a client certificate. plain sends the password itself, so use it with TLS only.',
      default: 'none',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  username: Type.Optional(text('User name', { 'x-destination': true, 'x-group': 'login' })),
  password: Type.Optional(secret('Password')),
  oauth2: Type.Optional(clientCredentials()),
  ...tls(),
  schema_registry: Type.Optional(
    Type.Object(
      {
        ...serverAddress(8081),
        path: Type.Optional(
          text('Path', {
            description: 'Where its interface begins, such as /apis/ccompat/v7 for Apicurio.',
            pattern: '^(/[A-Za-z0-9._~-]+)*/?$',
            'x-destination': true,
          }),
        ),
        username: Type.Optional(text('User name', { 'x-destination': true })),
        password: Type.Optional(secret('Password')),
        ...tls(),
      },
      {
        title: 'Schema registry',
        description:
          'Where the fields of topics are: Avro, JSON Schema or Protobuf by <topic>-key and <topic>-value.',
        additionalProperties: false,
        'x-group': 'registry',
      },
    ),
  ),
});

export type KafkaConfig = Static<typeof kafkaSpec>;
export type RegistryConfig = NonNullable<KafkaConfig['schema_registry']>;

/** Fields of a login that is not the chosen one. */
export function kafkaFaults(config: KafkaConfig): ConnectionFault[] {
  const { sasl = 'none', username, password, oauth2 } = config;
  const faults: ConnectionFault[] = [...tokenUrlFaults(oauth2, '/oauth2')];
  const byName = sasl !== 'none' && sasl !== 'oauthbearer';
  const unused = (pointer: string): void =>
    void faults.push({ pointer, code: 'unused', detail: `This is not for sasl "${sasl}".` });
  const required = (pointer: string): void =>
    void faults.push({ pointer, code: 'required', detail: `sasl "${sasl}" needs it.` });
  if (byName && username === undefined) required('/username');
  if (!byName && username !== undefined) unused('/username');
  if (!byName && password !== undefined) unused('/password');
  if (sasl === 'oauthbearer' && oauth2 === undefined) required('/oauth2');
  if (sasl !== 'oauthbearer' && oauth2 !== undefined) unused('/oauth2');
  return faults;
}
