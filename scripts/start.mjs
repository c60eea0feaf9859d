// `npm start`: builds if needed, then runs the app in this process.
import { runBuilt } from './build.mjs';

// Trap: npm passes SIGTERM to the shell between us, and that shell dies without a word to its child. Whoever stops npm
// means us: when our parent is gone, we end as by SIGTERM.
const parent = process.ppid;
if (process.env.npm_lifecycle_event === 'start')
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 250).unref();

await runBuilt('main');
