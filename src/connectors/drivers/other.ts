import { Type } from 'typebox';
import { AppError } from '../../common/app-error.js';
import { connectionSpec, defineConnector, text } from '../spi/index.js';

const spec = connectionSpec('other', {
  system: text('System', {
    description: 'What kind of source it is, in the words of your organization.',
    examples: ['SAP R/3'],
    'x-destination': true,
    'x-group': 'server',
  }),
  locator: Type.Optional(
    text('Where it is', {
      description: 'For people: a name, an address or a ticket. Nothing is ever dialled from it.',
      maxLength: 1_024,
      examples: ['Production system P01, client 100'],
      'x-group': 'server',
    }),
  ),
});

const NO_CONNECTOR = 'A source of type "other" is registered only: no connector can reach it.';

/**
 * A source that the organization has and that this product cannot read: it is in the catalogue with its owner, tags and
 * environment, holds no secret and is never dialled. Whoever wants more of it writes a plugin, which has a type of its own.
 */
export const other = defineConnector({
  type: 'other',
  title: 'Other source',
  category: 'api',
  spec,
  capabilities: [],
  concurrency: 'shared',

  endpoint: () => undefined,

  open(_config, { signal }) {
    signal.throwIfAborted();
    return Promise.reject(
      new AppError('UNSUPPORTED', NO_CONNECTOR, {
        hint: 'docs/write-a-connector.md tells how a plugin gives it a type of its own.',
      }),
    );
  },

  remedy: (code) =>
    code === 'UNSUPPORTED'
      ? { text: 'Nothing has to be mended. A plugin would give the source a type that can be tested.' }
      : undefined,
});
