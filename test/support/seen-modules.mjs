// `node --import ./test/support/seen-modules.mjs --import …` prints each package that is loaded, on stderr: those of ES
// modules as they come, those that CommonJS has required when the process ends, then `seen all`.
import { createRequire, register } from 'node:module';

const hooks = `export async function load(url, context, next) {
  const at = url.lastIndexOf('/node_modules/');
  if (at >= 0) process._rawDebug('loaded ' + url.slice(at + '/node_modules/'.length));
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const { cache } = createRequire(import.meta.url);
process.once('exit', () => {
  const found = Object.keys(cache).map(
    (file) => /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1],
  );
  for (const name of new Set(found)) if (name) process._rawDebug(`loaded ${name.replace('\\', '/')}`);
  process._rawDebug('seen all');
});
