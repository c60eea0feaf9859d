import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { startFront } from './front.js';
import { answers, filesIn, freePort, ServerProcess } from './server-process.js';
import type { AzureBlobTestServer, Running } from './server-types.js';

/** Starts Azurite, of Microsoft: blobs only, with shared keys and SAS checked. */
export async function startAzureBlob(folder: string): Promise<Running<AzureBlobTestServer>> {
  filesIn(folder);
  const to = await freePort();
  const [account, accountKey] = ['testaccount', randomBytes(64).toString('base64')];
  const command = [
    process.execPath,
    cached('npm', 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js'),
    ...['--blobHost', '127.0.0.1', '--blobPort', String(to), '--location', folder],
    // A client of a later API than its newest is none of its business here.
    ...['--skipApiVersionCheck', '--disableTelemetry', '--silent'],
    // The account stands in the path whatever name the host is called by.
    '--disableProductStyleUrl',
  ];
  const running = await ServerProcess.start(command, join(folder, 'azurite.log'), {
    AZURITE_ACCOUNTS: `${account}:${accountKey}`,
    NODE_OPTIONS: '',
  });
  await running.untilReady(() => answers(`http://127.0.0.1:${String(to)}/`));
  const tls = makeTlsMaterial();
  const front = await startFront({ to, tls });
  const { port, tlsPort } = front;
  return {
    server: { host: '127.0.0.1', port, tlsPort, tls, account, accountKey, pid: running.pid },
    stop: async () => {
      await front.close();
      await running.stop();
    },
  };
}
