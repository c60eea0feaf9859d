import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { other } from '../../src/connectors/drivers/other.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { createSource, settled } from '../support/sources.js';
import { faultOf, openSession } from './contract-source.js';
import { recordProof } from './proof.js';

const connection = { type: 'other', system: 'SAP R/3', locator: 'P01, client 100' };

describe('a source of no connector', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(async () => {
    await app.stop();
    await recordProof(
      other,
      { setUp: () => Promise.reject(new Error('unused')) },
      { product: 'no server:', version: 'it is registered only' },
    );
  });

  it('is never dialled, whatever its locator says', async () => {
    for (const locator of ['127.0.0.1:1', 'http://169.254.169.254/'])
      expect(other.endpoint?.({ ...connection, type: 'other', locator })).toBeUndefined();
    expect((await faultOf(openSession(other, connection))).code).toBe('UNSUPPORTED');
  });

  it.each(['password', 'host', 'url', '__proto__'])('takes no %s', (name) => {
    const more = JSON.parse(JSON.stringify(connection).replace(/}$/, `,"${name}":"x"}`)) as unknown;
    expect(() => validateConnection(other, more)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('is registered, and says of itself that it cannot be tested or discovered', async () => {
    const { id } = await createSource(app, 'P01', connection);
    const source = await settled(app, id);
    expect(source).toMatchObject({
      status: 'failed',
      status_reason: { code: 'UNSUPPORTED' },
      connection,
      secrets_set: [],
    });
    const tested = await app.call('POST', `/data-sources/${id}/test`, { body: {} });
    expect(tested.body).toMatchObject({
      outcome: 'unsupported',
      steps: expect.arrayContaining([
        expect.objectContaining({
          code: 'UNSUPPORTED',
          message: expect.stringContaining('registered only'),
        }),
      ]),
    });
    expect(await app.call('POST', `/data-sources/${id}/discover-schema`, { body: {} })).toMatchObject({
      status: 422,
      body: { code: 'UNSUPPORTED' },
    });
    const runs = await app.call('GET', `/data-sources/${id}/discovery-runs`);
    expect(runs).toMatchObject({ status: 200, body: { items: [] } });
  });
});
