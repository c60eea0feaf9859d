import { describe, expect, test } from '@jest/globals';
import type { AppError } from '../../src/common/app-error.js';
import { mongodb } from '../../src/connectors/drivers/mongodb.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import type { MemberOptions } from '../doubles/mongodb-member.js';
import { makeCertificate, makeTlsMaterial } from '../support/certificates.js';
import { describeOn } from '../support/servers.js';
import { discoverAll, faultOf, remember, type Connection } from './contract-source.js';
import { deploymentBench } from './mongodb-bench.js';

describeOn('mongodb', 'a server of MongoDB', () => {
  const { startOne, open, read } = deploymentBench();

  describe('by its version', () => {
    test.each([
      [8, true],
      [8, false],
      [0, true],
    ])(
      'that speaks wire version %i (knows hello: %s) is told to be too old, with the remedy',
      async (wireVersion, knowsHello) => {
        const old = await startOne('single', { wireVersion, knowsHello });
        const fault = await faultOf(open(old));
        expect([fault.code, fault.message]).toEqual([
          'UNSUPPORTED',
          expect.stringContaining(`wire version ${String(wireVersion)}`),
        ]);
        expect(mongodb.remedy?.('UNSUPPORTED', { type: 'mongodb', host: 'h' })?.text).toContain('4.4');
        expect(old.reads).toEqual([]);
        expect(old.heard.every(({ name }) => ['hello', 'isMaster'].includes(name))).toBe(true);
      },
    );

    test('of version 4.4.0, which does not know hello yet, is read', async () => {
      const member = await startOne('primary', { wireVersion: 9, knowsHello: false });
      expect((await read(member)).shown).toMatchObject({ role: 'primary' });
    });
  });

  describe('a login by certificate', () => {
    const tls = makeTlsMaterial();
    const withTls: MemberOptions = { tls: { certificate: tls.server, ca: tls.ca } };
    const by = ({ cert, key }: { cert: string; key: string }, more: Connection = {}): Connection => ({
      username: undefined,
      password: undefined,
      auth_mechanism: 'x509',
      tls: { ca: tls.ca, client_cert: cert, client_key: key },
      ...more,
    });
    const logIn = async (login: Connection) => {
      remember(tls.client.key);
      const steps: unknown[] = [];
      const onStep = (step: string, detail: unknown): void => void steps.push([step, detail]);
      const member = await startOne('primary', withTls);
      return { session: await open(member, login, { onStep }), member, steps };
    };

    test.each([{}, { username: 'CN=test-client' }])('works with %j', async (more) => {
      const { session, member, steps } = await logIn(by(tls.client, more));
      await discoverAll(session);
      await session.close();
      expect(steps).toContainEqual(['auth', { method: 'x509' }]);
      // FerretDB would tell nothing to who is not logged in.
      expect(member.reads).toContain('listDatabases');
    });

    test('with the name of somebody else, or a certificate of another authority, is AUTH_FAILED', async () => {
      expect((await faultOf(logIn(by(tls.client, { username: 'CN=admin' })))).code).toBe('AUTH_FAILED');
      const commonName = 'Stranger';
      const issuer = { ...makeCertificate({ commonName, authority: true }), commonName };
      const stranger = makeCertificate({ commonName: 'test-client', issuer });
      remember(stranger.key);
      expect((await faultOf(logIn(by(stranger)))).code).toBe('AUTH_FAILED');
    });

    test.each([
      [{ tls: { mode: 'disable' } }, ['/connection/tls/client_cert', '/connection/tls/mode']],
      [{ password: 'p' }, ['/connection/tls/client_cert', '/connection/password']],
    ])('wants its certificate and TLS, and no password: %j', (more, pointers) => {
      const connection = { type: 'mongodb', host: 'h.example.com', auth_mechanism: 'x509', ...more };
      let fault: unknown;
      try {
        validateConnection(mongodb, connection);
      } catch (error) {
        fault = error;
      }
      expect((fault as AppError).details.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    });
  });
});
