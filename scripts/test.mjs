// `npm test [-- jest arguments]`: the unit tests and the tests on real servers.
import { spawn } from 'node:child_process';
import { programOf, ROOT } from './build.mjs';

// The code is ESM, which jest runs only with this flag of Node.
export const JEST_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

const given = process.env.NODE_OPTIONS ?? '';
const jest = spawn(process.execPath, [programOf('jest'), ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: `${given} ${JEST_OPTIONS}`.trim() },
});
// A terminal sends Ctrl+C to jest as well: it tears its servers down, and we end when it has.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => jest.kill(signal));
jest.on('exit', (code) => process.exit(code ?? 1));
