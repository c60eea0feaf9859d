import { recordsConnector } from '../families/records/records-connector.js';
import type { Remedy } from '../spi/index.js';
import { datasets, scopes } from './kafka/kafka-discovery.js';
import { KafkaLine } from './kafka/kafka-line.js';
import { kafkaFaults, kafkaSpec, type KafkaConfig } from './kafka/spec.js';

function remedy(code: string, { username, sasl = 'none' }: KafkaConfig): Remedy | undefined {
  const user = `User:${username ?? 'datawave_reader'}`;
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text:
          sasl === 'none'
            ? 'The listener wants a login: choose `sasl`, and give its secret.'
            : 'Check the login, and that the listener of this port offers the chosen SASL mechanism.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: `Allow ${user} to describe topics, their settings and groups; that reads no message.`,
        sql: [
          `kafka-acls.sh --add --allow-principal ${user} --operation Describe --operation DescribeConfigs --topic '*'`,
          `kafka-acls.sh --add --allow-principal ${user} --operation Describe --group '*'`,
        ],
      };
    case 'UNREACHABLE':
      return {
        text: 'Check that a broker listens on this host and port, that brokers advertise addresses that this product reaches, and that the listener wants what `tls` and `sasl` say.',
      };
    default:
      return undefined;
  }
}

/** Kafka, and what speaks its protocol. Only descriptions are asked for: nothing is consumed, no offset is committed. */
export const kafka = recordsConnector(
  {
    type: 'kafka',
    title: 'Apache Kafka',
    category: 'streaming',
    spec: kafkaSpec,
    concurrency: 'exclusive',
    check: kafkaFaults,
    remedy,
  },
  { codes: {}, connect: (config, context) => KafkaLine.open(config, context), scopes, datasets },
);
