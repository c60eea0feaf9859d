// `node scripts/run.mjs cli/doctor …`: builds if needed, then runs that module with the arguments that follow.
import { runBuilt } from './build.mjs';

const [name] = process.argv.splice(2, 1);
if (!/^[a-z0-9-]+(\/[a-z0-9-]+)*$/.test(name ?? '')) {
  process.stderr.write('Usage: node scripts/run.mjs <module> [arguments], such as cli/doctor\n');
  process.exit(1);
}
await runBuilt(name);
