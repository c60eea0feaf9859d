import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { csv } from '../../src/connectors/drivers/csv.js';
import { WebServer } from '../doubles/web-server.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const [username, password] = ['reader', randomBytes(12).toString('hex')];
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = await WebServer.start({ authorization });
  server.files.set('in/orders 1+1.csv', Buffer.from('id,placed_on,note\n1,2024-01-31,a\n2,2024-02-29,\n'));
  const http = {
    host: 'localhost',
    port: server.port,
    username,
    password,
    tls: { mode: 'disable' as const },
  };
  return {
    connection: { type: 'csv', file_path: 'in/orders 1+1.csv', http },
    network: {
      address: { host: '127.0.0.1', port: server.port },
      wrongPassword: { http: { ...http, password: randomBytes(12).toString('hex') } },
      tls: {
        address: { host: '127.0.0.1', port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: ['files'],
    datasets: ['files.in/orders 1+1.csv'],
    filter: { include: ['files.*'], exclude: ['*.csv'], leaves: [] },
    check(found) {
      const dataset = found.get('files.in/orders 1+1.csv');
      expect(dataset).toMatchObject({ kind: 'file', row_estimate: 2, size_bytes: 47 });
      expect(dataset?.fields.map(({ name, type }) => [name, type])).toEqual([
        ['id', 'integer'],
        ['placed_on', 'date'],
        ['note', 'string'],
      ]);
    },
    tearDown: () => server.stop(),
  };
}

describeConnector(csv, {
  double: 'a web server of the tests, on Node’s own HTTP server',
  block: 'http',
  stateless: true,
  setUp,
});
