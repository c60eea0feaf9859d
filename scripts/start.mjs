// `npm start`: builds if needed, then runs the app in this process.
import { runBuilt } from './build.mjs';

await runBuilt('main');
