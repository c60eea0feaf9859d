import { describe, expect, test } from '@jest/globals';
import { ScramClient } from './scram.js';

/** The exchange of RFC 7677, 3. */
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
const client = () => new ScramClient('sha256', 'user', 'pencil', NONCE);

describe('SCRAM', () => {
  test('says what RFC 7677 says, and knows its server', async () => {
    const scram = client();
    expect(scram.first).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
    expect(await scram.final(SERVER_FIRST)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    );
    scram.verify(SERVER_FINAL);
  });

  test.each([SERVER_FINAL.replace('6rri', '7rri'), 'v=', '', 'e=other-error'])(
    'refuses a server that cannot prove itself: %s',
    async (final) => {
      const scram = client();
      await scram.final(SERVER_FIRST);
      expect(() => scram.verify(final)).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }));
    },
  );

  test('refuses a server that proves itself before it was asked', () => {
    expect(() => client().verify(SERVER_FINAL)).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }));
  });

  test.each([
    ['too few rounds', SERVER_FIRST.replace('4096', '1')],
    ['endless rounds', SERVER_FIRST.replace('4096', '2147483647')],
    ['rounds that are no number', SERVER_FIRST.replace('4096', '1e99')],
    ['the nonce of another', SERVER_FIRST.replace('r=rOpr', 'r=xOpr')],
    ['no nonce of its own', `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['no salt', SERVER_FIRST.replace(/s=[^,]*/, 's=')],
    ['nothing', ''],
  ])('refuses a server with %s', async (_what, first) => {
    await expect(client().final(first)).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  test('keeps commas and equal signs of a name apart from its own', () => {
    expect(new ScramClient('sha512', 'a,b=c', 'x', 'n').first).toBe('n,,n=a=2Cb=3Dc,r=n');
  });
});
