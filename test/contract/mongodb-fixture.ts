import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { servers } from '../support/servers.js';
import type { Address, ContractSource } from './contract-source.js';

/**
 * A database of its own on the shared FerretDB, with an account that reads.
 *
 * @param through where the source is reached, if not at FerretDB itself.
 */
export async function mongodbSource(through?: Address): Promise<ContractSource> {
  const server = await servers.mongodb();
  const { host, port } = server;
  const admin = new MongoClient(`mongodb://${host}:${String(port)}/?directConnection=true`, {
    auth: { username: server.username, password: server.password },
  });
  const suffix = randomBytes(4).toString('hex');
  const name = `t_${suffix}`;
  const [username, password] = [`reader_${suffix}`, randomBytes(12).toString('hex')];
  const db = admin.db(name);
  await db.collection('orders').insertMany(
    Array.from({ length: 10 }, (_, at) => ({
      customer: `c${String(at)}`,
      total: 1.5,
      count: at,
      placed: new Date(0),
      tags: ['a'],
      address: { city: 'Ulm', ...(at < 5 ? { zip: '89073' } : {}) },
      ...(at === 0 ? { note: 'n' } : {}),
    })),
  );
  await db.command({
    createIndexes: 'orders',
    indexes: [{ key: { customer: 1, placed: -1 }, name: 'by_customer', unique: true }],
  });
  await db.createCollection('empty');
  for (let at = 0; at < 20; at += 1) await db.createCollection(`filler_${String(at)}`);
  await admin.db('admin').command({ createUser: username, pwd: password, roles: [] });
  return {
    connection: {
      type: 'mongodb',
      host: 'localhost',
      port: through?.port ?? port,
      database: name,
      username,
      password,
      tls: { mode: 'disable' },
    },
    network: {
      address: through ?? server,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      tls: {
        address: { host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: [name],
    datasets: [`${name}.orders`, `${name}.empty`, `${name}.filler_0`, `${name}.filler_19`],
    filter: {
      include: [`${name}.filler_1?`, '*.or*'],
      exclude: ['*_1[0-9]', '*.filler_1*'],
      leaves: [`${name}.orders`],
    },
    check(found) {
      const orders = found.get(`${name}.orders`);
      expect(orders).toMatchObject({
        kind: 'collection',
        primary_key: { columns: ['_id'] },
        row_estimate: 10,
        properties: { sampled_documents: 10 },
      });
      expect(orders?.indexes).toEqual(
        expect.arrayContaining([
          { name: '_id_', columns: ['_id'], unique: true, primary: true },
          { name: 'by_customer', columns: ['customer', 'placed'], unique: true },
        ]),
      );
      const fields = new Map(orders?.fields.map((field) => [field.name, field]));
      expect(fields.get('_id')).toMatchObject({ native_type: 'objectId', type: 'string', inferred: true });
      expect(fields.get('total')).toMatchObject({ native_type: 'double', type: 'float', prevalence: 1 });
      expect(fields.get('count')).toMatchObject({ native_type: 'int', type: 'integer' });
      expect(fields.get('placed')).toMatchObject({ native_type: 'date', type: 'timestamp_tz' });
      expect(fields.get('note')).toMatchObject({ native_type: 'string', prevalence: 0.1, nullable: true });
      expect(fields.get('address')?.fields).toMatchObject([
        { name: 'city', prevalence: 1 },
        { name: 'zip', prevalence: 0.5 },
      ]);
      expect(found.get(`${name}.empty`)?.fields).toMatchObject([{ name: '_id' }]);
    },
    async tearDown() {
      await db.dropDatabase();
      await admin.close();
    },
  };
}
