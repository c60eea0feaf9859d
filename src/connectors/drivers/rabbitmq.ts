import { Type, type Static } from 'typebox';
import { recordsConnector } from '../families/records/records-connector.js';
import { connectionSpec, endpoint, login, text, tls, type Remedy } from '../spi/index.js';
import { datasets, scopes } from './rabbitmq/rabbitmq-discovery.js';
import { RabbitMqLine } from './rabbitmq/rabbitmq-line.js';

const spec = connectionSpec('rabbitmq', {
  ...endpoint(15_671),
  port: Type.Optional(
    Type.Integer({
      title: 'Port',
      description: 'Of the management API: 15671 with TLS, 15672 without; not the one of AMQP.',
      minimum: 1,
      maximum: 65_535,
      default: 15_671,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  vhost: Type.Optional(
    text('Virtual host', {
      description: 'Only this one; all that the account may enter if left out.',
      examples: ['/'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  ...login(),
  ...tls(),
});

function remedy(code: string, { username, vhost = '/' }: Static<typeof spec>): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check the user name and the password; the guest account may log in from the broker itself only.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: `Give ${username} the tag that lets it use the management API, and a virtual host; it may neither write nor configure.`,
        sql: [
          `rabbitmqctl set_user_tags ${username} management`,
          `rabbitmqctl set_permissions -p ${vhost} ${username} '^$' '^$' '.*'`,
        ],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: `The broker has no virtual host ${vhost}; rabbitmqctl list_vhosts tells the ones it has.`,
      };
    case 'PROTOCOL':
    case 'UNREACHABLE':
      return {
        text: 'Switch the management API on, and give its port.',
        sql: ['rabbitmq-plugins enable rabbitmq_management'],
      };
    default:
      return undefined;
  }
}

/** RabbitMQ by its management API: nothing is declared, consumed or acknowledged. */
export const rabbitmq = recordsConnector(
  { type: 'rabbitmq', title: 'RabbitMQ', category: 'streaming', spec, concurrency: 'shared', remedy },
  { codes: {}, connect: (config, context) => RabbitMqLine.open(config, context), scopes, datasets },
);
