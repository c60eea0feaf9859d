import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { startFront } from './front.js';
import { ServiceAccount } from './gcs-accounts.js';
import { answers, filesIn, freePort, ServerProcess } from './server-process.js';
import type { GcsTestServer, Running } from './server-types.js';

/**
 * Starts an emulator of Google Cloud Storage (JSON and XML API) with its objects in memory. It asks for no
 * credentials, so a front does: it exchanges the service account's JWT for a token, and checks tokens and signed URLs.
 */
export async function startGcs(folder: string): Promise<Running<GcsTestServer>> {
  filesIn(folder);
  // Its token endpoint stands for Google's own, which is the only one that a key is taken to.
  const tls = makeTlsMaterial(['oauth2.googleapis.com']);
  const to = await freePort();
  const account = new ServiceAccount();
  const front = await startFront({ to, tls, refuse: (request, body) => account.answer(request, body) });
  const origin = `http://127.0.0.1:${String(front.port)}`;
  const command = [
    cached('go', 'bin', 'fake-gcs-server-1.56.1'),
    ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(to), '-backend', 'memory'],
    // Where it sends clients for the parts of an upload, and the name under which paths are /bucket/object.
    ...['-external-url', origin, '-public-host', `127.0.0.1:${String(front.port)}`, '-data', ''],
  ];
  const running = await ServerProcess.start(command, join(folder, 'gcs.log'));
  const stop = async (): Promise<void> => {
    await front.close();
    await running.stop();
  };
  await running
    .untilReady(() => answers(`http://127.0.0.1:${String(to)}/storage/v1/b?project=x`))
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  const { port, tlsPort } = front;
  const { token } = account;
  const serviceAccount = account.keyFile(`${origin}/token`);
  return { server: { host: '127.0.0.1', port, tlsPort, tls, token, serviceAccount, pid: running.pid }, stop };
}
