// `node --import ./test/support/seen-modules.mjs --import …` prints each package that is loaded, on stderr.
import { register } from 'node:module';

const hooks = `export async function load(url, context, next) {
  const at = url.lastIndexOf('/node_modules/');
  if (at >= 0) process._rawDebug('loaded ' + url.slice(at + '/node_modules/'.length));
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
