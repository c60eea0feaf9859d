import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { s3 } from '../../src/connectors/drivers/s3.js';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import { S3Admin } from '../support/s3-admin.js';
import { describeOn, servers } from '../support/servers.js';
import { bucketFacts, OBJECTS } from './bucket-fixture.js';
import { datasetsOf, discoverAll, openSession } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.s3();
  const admin = new S3Admin(server);
  const bucket = `lake-${randomBytes(6).toString('hex')}`;
  await admin.createBucket(bucket);
  for (const [key, text] of Object.entries(OBJECTS)) await admin.put(bucket, key, text);
  const connection = { type: 's3', bucket, ...admin.connection };
  return {
    connection,
    network: {
      address: server,
      wrongPassword: { secret_access_key: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { bucket: `${bucket}-none` },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    ...bucketFacts(bucket),
    tearDown: () => closeParsers(),
  };
}

describeConnector(s3, { server: 's3', stateless: true, setUp });

describeOn('s3', 'buckets of S3', () => {
  let admin: S3Admin;
  const bucket = `more-${randomBytes(6).toString('hex')}`;

  beforeAll(async () => {
    admin = new S3Admin(await servers.s3());
    await admin.createBucket(bucket);
    await admin.configure(
      bucket,
      'versioning',
      '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>',
    );
    await admin.configure(
      bucket,
      'tagging',
      '<Tagging><TagSet><Tag><Key>team</Key><Value>sales &amp; co</Value></Tag></TagSet></Tagging>',
    );
  });
  afterAll(() => closeParsers());

  const discover = async (fields: Readonly<Record<string, unknown>> = {}) => {
    const session = await openSession(s3, { type: 's3', ...admin.connection, ...fields });
    try {
      return await discoverAll(session);
    } finally {
      await session.close();
    }
  };

  test('are all found where none is named, with what the service tells of them', async () => {
    await admin.put(bucket, 'a.csv', 'x\n1\n');
    const events = await discover();
    expect(events).toContainEqual({ event: 'scope_ended', scope: bucket, status: 'complete' });
    expect(datasetsOf(events).get(`${bucket}.*.csv`)?.properties).toMatchObject({
      bucket_versioning: 'enabled',
      bucket_tags: ['team=sales & co'],
      newest_object: 'a.csv',
    });
  });

  test('may hold keys that would be paths elsewhere: they are listed as they are', async () => {
    for (const key of ['../x/evil.csv', '/etc/passwd', 'a//b.csv', 'dot/./c.csv'])
      await admin.put(bucket, key, 'x\n1\n');
    const found = datasetsOf(await discover({ bucket }));
    expect([...found.keys()]).toEqual(
      expect.arrayContaining(
        ['../x/*.csv', '/etc/*', 'a//*.csv', 'dot/./*.csv'].map((name) => `${bucket}.${name}`),
      ),
    );
    expect(found.get(`${bucket}.../x/*.csv`)).toMatchObject({
      fields: [expect.objectContaining({ name: 'x', type: 'integer' })],
      properties: { newest_object: '../x/evil.csv' },
    });
  });

  test('are not read again where nothing changed', async () => {
    const first = await discover({ bucket });
    const fingerprints = new Map(
      first.flatMap((event) =>
        event.event === 'dataset' ? [[event.dataset.name, event.fingerprint ?? ''] as const] : [],
      ),
    );
    await admin.put(bucket, 'new/y.csv', 'a\n1\n');
    const session = await openSession(s3, { type: 's3', ...admin.connection, bucket });
    const again = await discoverAll(session, {
      include: [],
      exclude: [],
      strategy: 'balanced',
      since: { fingerprints: () => Promise.resolve(fingerprints) },
    });
    await session.close();
    expect(again.filter(({ event }) => event === 'dataset')).toHaveLength(1);
    expect(again).toContainEqual({
      event: 'unchanged',
      scope: bucket,
      names: [...fingerprints.keys()],
    });
  });
});
