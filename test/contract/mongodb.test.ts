import { mongodb } from '../../src/connectors/drivers/mongodb.js';
import { describeConnector } from './contract-suite.js';
import { mongodbSource } from './mongodb-fixture.js';

describeConnector(mongodb, {
  server: 'mongodb',
  unproven: {
    service:
      'FerretDB answers with its protocol over SQLite: MongoDB itself cannot be had here, so validators and views are not shown.',
  },
  setUp: () => mongodbSource(),
});
