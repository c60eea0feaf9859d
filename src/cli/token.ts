import { parseArgs } from 'node:util';
import { SystemClock } from '../common/clock.js';
import { DEMO_ORG_ID, demoUser } from '../demo/demo-organization.js';
import { loadConfig } from '../platform/config/config.js';
import { isRoleName, ROLE_NAMES } from '../rbac/permissions.js';
import { TokenIssuer } from '../rbac/token-issuer.js';
import { durationInSeconds } from './duration.js';

const USAGE = `Usage: npm run -s token -- [--role <role>] [--user <name>] [--org <uuid>] [--ttl 8h]
Prints an access token. Roles: ${ROLE_NAMES.join(', ')}. Without --org it is for the Demo organization.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      role: { type: 'string', default: 'viewer' },
      user: { type: 'string' },
      org: { type: 'string' },
      ttl: { type: 'string', default: '8h' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { role } = values;
  const ttlS = durationInSeconds(values.ttl);
  if (!isRoleName(role)) throw new Error(`--role must be one of ${ROLE_NAMES.join(', ')}.`);
  if (ttlS === undefined) throw new Error('--ttl must be a number with s, m, h or d, such as 8h.');
  const config = loadConfig();
  if (config.env === 'production' && (values.org === undefined || values.user === undefined))
    throw new Error(
      '--org and --user are mandatory with NODE_ENV=production: there is no Demo organization.',
    );
  const org = values.org?.toLowerCase() ?? DEMO_ORG_ID;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(org)) throw new Error('--org must be a UUID.');
  const request = { orgId: org, userId: values.user ?? demoUser(role), roles: [role], ttlS };
  const token = await new TokenIssuer(config, new SystemClock()).issue(request);
  process.stdout.write(`${token}\n`);
}

main().catch((error: unknown) => {
  // Only errors of ours and of the argument parser come here; neither holds a secret.
  process.stderr.write(`${error instanceof Error ? error.message : 'No token could be made.'}\n`);
  process.exitCode = 1;
});
