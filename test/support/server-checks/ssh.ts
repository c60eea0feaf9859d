import ssh2 from 'ssh2';
import type { SshdTestServer } from '../../servers/server-types.js';
import type { Check } from './check.js';

function logIn({ host, port, username }: SshdTestServer, privateKey: string): Promise<void> {
  const client = new ssh2.Client();
  return new Promise<void>((resolve, reject) => {
    client
      .on('ready', resolve)
      .on('error', reject)
      .connect({ host, port, username, privateKey, hostVerifier: () => true });
  }).finally(() => client.destroy());
}

export const sshd: Check<SshdTestServer> = {
  accepted: async (server) => {
    await logIn(server, server.keys.rsa);
    return true;
  },
  expected: true,
  refused: (server) => logIn(server, server.strangerKey),
};
