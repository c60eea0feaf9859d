import { Binary } from 'bson';
import type { Socket } from 'node:net';
import { FrameBuffer } from '../../src/connectors/families/frame-buffer.js';
import { Scram } from '../../src/connectors/drivers/mongodb/scram.js';
import type { MongoDbTestServer } from '../servers/server-types.js';
import { documentIn, messageOf, sizeOf, type Document } from './mongodb-messages.js';

/** Logs a line to FerretDB in as its administrator, by SCRAM. */
export async function adminLogin(server: Socket, { username, password }: MongoDbTestServer): Promise<void> {
  const frames = new FrameBuffer(16, sizeOf);
  const ask = (command: Document): Promise<Document> =>
    new Promise((resolve, reject) => {
      const onData = (chunk: Buffer): void => {
        for (const frame of frames.take(chunk)) {
          server.off('data', onData).off('close', reject);
          resolve(documentIn(frame));
        }
      };
      server.on('data', onData).once('close', reject);
      server.write(messageOf(1, 0, { ...command, $db: 'admin' }));
    });
  const textIn = ({ payload }: Document): string => Buffer.from((payload as Binary).value()).toString('utf8');
  const binary = (text: string): Binary => new Binary(Buffer.from(text));
  const scram = new Scram('sha256', username, password);
  const started = await ask({ saslStart: 1, mechanism: 'SCRAM-SHA-256', payload: binary(scram.begin()) });
  const { conversationId } = started;
  const proven = await ask({
    saslContinue: 1,
    conversationId,
    payload: binary(await scram.answer(textIn(started))),
  });
  scram.verify(textIn(proven));
  if (proven.done !== true) await ask({ saslContinue: 1, conversationId, payload: binary('') });
}
