import { recordsConnector } from 'datawave-data-sources/families/records';
import { Type, connectionSpec, endpoint, login, text, tls } from 'datawave-data-sources/spi';
import { DictLine } from './dict-line.js';

/** The version of the SPI that this is written for: a number of its own, not the one of whoever loads it. */
export const spiVersion = 1;

const spec = connectionSpec('dict', {
  ...endpoint(2628),
  database: Type.Optional(
    text('Dictionary', {
      description: 'The one dictionary to read; all of them if left out.',
      examples: ['wordnet'],
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  ...login(),
  ...tls(),
});

const SCOPE = 'dictionaries';

async function* datasets(line) {
  for (const { name, description } of await line.dictionaries()) {
    const field = (ordinal, of) => ({ ...of, ordinal, native_type: 'text', type: 'string', nullable: false });
    yield {
      schema: SCOPE,
      name,
      kind: 'resource',
      comment: description,
      fields: [field(1, { name: 'word' }), field(2, { name: 'definition' })],
    };
  }
}

function remedy(code, { username, database }) {
  switch (code) {
    case 'AUTH_FAILED':
      return { text: `Check the shared secret of ${username} in the configuration of the server.` };
    case 'PERMISSION_DENIED':
      return { text: `Allow ${username} the dictionaries in the access list of the server.` };
    case 'DATABASE_NOT_FOUND':
      return { text: `The server has no dictionary ${database}; SHOW DB lists the ones it has.` };
    default:
      return undefined;
  }
}

/** Dictionary servers: each dictionary is a dataset. */
export default recordsConnector(
  { type: 'dict', title: 'Dictionary server', category: 'nosql', spec, concurrency: 'exclusive', remedy },
  { codes: {}, connect: DictLine.open, scopes: async () => [SCOPE], datasets },
);
