import { AppError } from '../../../common/app-error.js';
import { expectNone } from './codes.js';
import type { BrokerLine } from './broker-line.js';
import { saslAuthenticate, saslHandshake } from './requests.js';
import { ScramClient } from './scram.js';

/** How to log in to every broker of a cluster. */
export type SaslLogin =
  | {
      readonly mechanism: 'plain' | 'scram_sha_256' | 'scram_sha_512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: (signal: AbortSignal) => Promise<string> };

const NAMES = {
  plain: 'PLAIN',
  scram_sha_256: 'SCRAM-SHA-256',
  scram_sha_512: 'SCRAM-SHA-512',
  oauthbearer: 'OAUTHBEARER',
} as const;

/** Logs in to one broker. @throws AppError AUTH_FAILED. */
export async function logIn(line: BrokerLine, login: SaslLogin, signal: AbortSignal): Promise<void> {
  expectNone(await line.ask(saslHandshake(NAMES[login.mechanism])));
  const step = async (text: string): Promise<string> => {
    const { error, token } = await line.ask(saslAuthenticate(Buffer.from(text)));
    expectNone(error);
    return token.toString('utf8');
  };
  switch (login.mechanism) {
    case 'plain':
      await step(`\0${login.username}\0${login.password}`);
      return;
    case 'oauthbearer': {
      const answer = await step(`n,,\x01auth=Bearer ${await login.token(signal)}\x01\x01`);
      // RFC 7628: a server that refuses says why in JSON, and waits for one more byte before it fails.
      if (answer !== '') throw new AppError('AUTH_FAILED', 'The source refused the credentials.');
      return;
    }
    case 'scram_sha_256':
    case 'scram_sha_512': {
      const digest = login.mechanism === 'scram_sha_256' ? 'sha256' : 'sha512';
      const scram = new ScramClient(digest, login.username, login.password);
      scram.verify(await step(await scram.final(await step(scram.first))));
    }
  }
}
