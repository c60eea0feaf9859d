import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from '../../common/app-error.js';
import { nativeCode } from '../../common/native-code.js';
import { CONNECTORS } from '../drivers/index.js';
import { keepingPromises } from './kept-promises.js';
import { fitOf } from './plugin-fit.policy.js';
import { Plugins, type Plugin } from './plugins.js';

/**
 * Loads the packages that PLUGINS names, in that order. A plugin runs inside the process with all its rights: the list
 * is for the operator alone.
 *
 * @param folder where `node_modules` has them.
 * @throws AppError CONFIG_INVALID, in one line that names the package and what does not fit.
 */
export async function loadPlugins(packages: readonly string[], folder: string): Promise<Plugins> {
  if (packages.length === 0) return new Plugins();
  register('./plugin-resolution.js', {
    parentURL: import.meta.url,
    data: { folder: pathToFileURL(join(folder, 'package.json')).href },
  });
  const loaded: Plugin[] = [];
  for (const name of packages) {
    const taken = [...CONNECTORS, ...loaded.map(({ definition }) => definition)].map(({ type }) => type);
    const fit = fitOf(await moduleOf(name, folder), taken);
    if (typeof fit === 'string') throw refused(name, fit);
    const from = `${name}@${await versionOf(name, folder)}`;
    loaded.push({ from, definition: keepingPromises(fit, from) });
  }
  return new Plugins(loaded);
}

async function moduleOf(name: string, folder: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(`plugin:${name}`)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const code = nativeCode(error);
    // The same code stands for a package that the plugin itself misses: that one is named by its message alone.
    if (code === 'ERR_MODULE_NOT_FOUND' && (error as Error).message.includes(`'${name}'`))
      throw refused(name, `it is not installed in ${folder}`, `Run npm install ${name} there.`);
    const why = code ?? (error instanceof Error ? error.name : 'no error');
    throw refused(name, `it cannot be loaded (${why})`);
  }
}

async function versionOf(name: string, folder: string): Promise<string> {
  const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(() => '{}');
  const { version } = JSON.parse(text) as { version?: unknown };
  return typeof version === 'string' ? version : 'unknown';
}

function refused(name: string, why: string, hint = 'Mend it, or take it out of PLUGINS.'): AppError {
  return new AppError('CONFIG_INVALID', `The plugin ${name} is refused: ${why}.`, { hint });
}
