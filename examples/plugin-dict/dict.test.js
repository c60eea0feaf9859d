import { randomBytes } from 'node:crypto';
import { describeConnector, makeTlsMaterial } from 'datawave-data-sources/contract';
import { DictServer } from './dict-server.js';
import dict from './index.js';

/** A source that works, and the changes to it that must fail. */
async function setUp() {
  const { ca, otherCa, server: certificate } = makeTlsMaterial();
  const username = 'reader';
  const password = randomBytes(12).toString('hex');
  const server = await DictServer.start({
    username,
    password,
    dictionaries: { wordnet: 'WordNet', jargon: 'The Jargon File', names: 'Names' },
    tls: certificate,
  });
  return {
    connection: {
      type: 'dict',
      host: 'localhost',
      port: server.port,
      username,
      password,
      tls: { mode: 'disable' },
    },
    network: {
      address: { host: '127.0.0.1', port: server.port },
      wrongPassword: { password: randomBytes(12).toString('hex') },
      wrongDatabase: { database: 'nowhere' },
      tls: {
        address: { host: '127.0.0.1', port: server.tlsPort },
        ca,
        otherCa,
      },
    },
    scopes: ['dictionaries'],
    datasets: ['dictionaries.wordnet', 'dictionaries.jargon', 'dictionaries.names'],
    filter: {
      include: ['dictionaries.*n*'],
      exclude: ['*.names'],
      leaves: ['dictionaries.wordnet', 'dictionaries.jargon'],
    },
    check(found) {
      const { comment, fields } = found.get('dictionaries.jargon');
      if (comment !== 'The Jargon File' || fields.length !== 2) throw new Error('The facts are wrong.');
    },
    tearDown: () => server.stop(),
  };
}

describeConnector(dict, { double: 'a dictionary server of the tests (RFC 2229)', setUp });
