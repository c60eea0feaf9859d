import { parseArgs } from 'node:util';
import { SystemClock } from '../common/clock.js';
import { DEMO_ORG_ID, demoUser } from '../demo/demo-organization.js';
import { createDemoFiles, DEMO_CSV } from '../demo/demo-files.js';
import { createDemoShop, renewDemoLogin } from '../demo/demo-shop.js';
import { loadConfig, type Config } from '../platform/config/config.js';
import { addressOf } from '../platform/config/public-url.js';
import { runningOwnerUrl } from '../platform/embedded-postgres/embedded-postgres.js';
import { TokenIssuer } from '../rbac/token-issuer.js';
import { DemoApi, DemoFault } from './demo-api.js';
import { DemoWalk } from './demo-walk.js';
import { Steps } from './steps.js';

const USAGE = `Usage: npm run demo -- [--url http://127.0.0.1:3000] [--keep]
Walks through the API of a running server: create, test, discover, schemas, health. Without --url it is the one at
HOST and PORT. --keep leaves the source there.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const config = loadConfig();
  if (config.env === 'production') throw new DemoFault('There is no demo with NODE_ENV=production.');
  const token = await new TokenIssuer(config, new SystemClock()).issue({
    orgId: DEMO_ORG_ID,
    userId: demoUser('admin'),
    roles: ['admin'],
    ttlS: 600,
  });
  const api = new DemoApi(values.url ?? addressOf(config), token);
  await new DemoWalk(api, new Steps()).run(await sampleConnection(config), values.keep);
}

/** The sample database of the embedded server where that runs here, else the sample file. */
async function sampleConnection(config: Config): Promise<Record<string, unknown>> {
  const ownerUrl = config.databaseUrl === undefined ? runningOwnerUrl(config.dataDir) : undefined;
  if (ownerUrl !== undefined) {
    await createDemoShop(ownerUrl);
    return {
      type: 'postgresql',
      ...(await renewDemoLogin(ownerUrl, 'demo_walker')),
      tls: { mode: 'disable' },
    };
  }
  await createDemoFiles(config.filesRoot, DEMO_ORG_ID);
  return { type: 'csv', file_path: DEMO_CSV };
}

main().catch((error: unknown) => {
  const text = error instanceof DemoFault ? error.message : 'The demo failed; npm run doctor may say why.';
  process.stderr.write(`✖ ${text}\n`);
  process.exitCode = 1;
});
