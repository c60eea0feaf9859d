import type {
  KafkaTestServer,
  NatsTestServer,
  RabbitMqTestServer,
  SchemaRegistryTestServer,
} from '../../servers/server-types.js';
import { kafkaLogin, natsPing } from '../wire.js';
import type { Check } from './check.js';

export const kafka: Check<KafkaTestServer> = {
  accepted: ({ tlsPort, tls, username, password }) => kafkaLogin(tlsPort, tls.ca, { username, password }),
  expected: 0,
  refused: (server) => kafka.accepted({ ...server, password: 'wrong' }),
};

export const schemaRegistry: Check<SchemaRegistryTestServer> = {
  accepted: async ({ host, port, path, username, password }) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return (await fetch(`http://${host}:${String(port)}${path}/subjects`, { headers: { authorization } }))
      .status;
  },
  expected: 200,
  refused: (server) => schemaRegistry.accepted({ ...server, password: 'wrong' }),
};

export const rabbitmq: Check<RabbitMqTestServer> = {
  accepted: async ({ host, managementPort, username, password }) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const url = `http://${host}:${String(managementPort)}/api/whoami`;
    return (await fetch(url, { headers: { authorization } })).status;
  },
  expected: 200,
  refused: (server) => rabbitmq.accepted({ ...server, password: 'wrong' }),
};

export const nats: Check<NatsTestServer> = {
  accepted: ({ port, tls, username, password }) => natsPing(port, tls.ca, { user: username, pass: password }),
  expected: 'PONG',
  refused: (server) => nats.accepted({ ...server, password: 'wrong' }),
};
