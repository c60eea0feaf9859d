import type { Binary } from 'bson';
import { AppError } from '../../../common/app-error.js';
import { expectOk } from './codes.js';
import type { Member } from './members.js';
import type { MongoDbConfig } from './mongodb-spec.js';
import { Scram } from './scram.js';
import type { Document, Wire } from './wire.js';

type Bson = typeof import('bson');
type Mechanism = NonNullable<MongoDbConfig['auth_mechanism']>;

/** Logs in to a member, once. Gives the mechanism; `none` where the connection has no login. @throws AppError */
export async function logIn(
  { wire, verified, greeting }: Pick<Member, 'wire' | 'verified' | 'greeting'>,
  config: MongoDbConfig,
  bson: Bson,
): Promise<Mechanism | 'none'> {
  const { username, password = '', auth_source: source = 'admin' } = config;
  const { mechanisms } = greeting;
  const strongest =
    mechanisms.includes('SCRAM-SHA-1') && !mechanisms.includes('SCRAM-SHA-256')
      ? 'scram_sha_1'
      : 'scram_sha_256';
  const mechanism = config.auth_mechanism ?? (username === undefined ? undefined : strongest);
  if (mechanism === undefined) return 'none';
  const binary = (text: string): Binary => new bson.Binary(Buffer.from(text));
  if (mechanism === 'x509') {
    // Without a name the server takes the subject of the certificate.
    const user = username === undefined ? {} : { user: username };
    expectOk(await wire.command('$external', { authenticate: 1, mechanism: 'MONGODB-X509', ...user }));
  } else if (mechanism === 'plain') {
    if (!verified)
      throw new AppError(
        'TLS_FAILED',
        'The mechanism plain sends the password itself, over an unproven line.',
        {
          hint: 'Set tls.mode to "verify_full", or use SCRAM.',
        },
      );
    const payload = binary(`\0${username ?? ''}\0${password}`);
    expectOk(await wire.command('$external', { saslStart: 1, mechanism: 'PLAIN', payload }));
  } else {
    const hash = mechanism === 'scram_sha_256' ? 'sha256' : 'sha1';
    const scram = new Scram(hash, username ?? '', password);
    await talk(wire, source, {
      mechanism: hash === 'sha256' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-1',
      scram,
      binary,
    });
  }
  return mechanism;
}

async function talk(
  wire: Wire,
  source: string,
  {
    mechanism,
    scram,
    binary,
  }: { readonly mechanism: string; readonly scram: Scram; readonly binary: (text: string) => Binary },
): Promise<void> {
  const started = expectOk(
    await wire.command(source, {
      saslStart: 1,
      mechanism,
      payload: binary(scram.begin()),
      options: { skipEmptyExchange: true },
    }),
  );
  const { conversationId } = started;
  const goOn = async (payload: string): Promise<Document> =>
    expectOk(await wire.command(source, { saslContinue: 1, conversationId, payload: binary(payload) }));
  const proven = await goOn(await scram.answer(textOf(started.payload)));
  scram.verify(textOf(proven.payload));
  // A server that does not know the option wants one more turn, with nothing in it.
  if (proven.done !== true) await goOn('');
}

const textOf = (payload: unknown): string => {
  const { buffer, position } = payload as { buffer?: Uint8Array; position?: number };
  if (!buffer) throw new AppError('PROTOCOL', 'The server does not take part in the login as it should.');
  return Buffer.from(buffer).subarray(0, position).toString('utf8');
};
