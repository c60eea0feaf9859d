/**
 * Module hooks, run by Node in a thread of their own. A plugin finds the SPI of the process that loads it, wherever the
 * plugin is installed and whatever copy lies beside it: two copies of AppError would not know each other.
 */

/** What plugins may import of the product, relative to this file. */
const SHARED: Readonly<Record<string, string>> = {
  'datawave-data-sources/spi': '../spi/index.js',
  'datawave-data-sources/families/records': '../families/records/records-connector.js',
  'datawave-data-sources/families/http': '../families/http/http-line.js',
};

/** A plugin's own name is asked for behind this prefix: it is looked up from the folder of the plugins. */
const PREFIX = 'plugin:';

let folder = import.meta.url;

/** @param data URL of the folder whose `node_modules` has the plugins. */
export function initialize(data: { readonly folder: string }): void {
  folder = data.folder;
}

interface Context {
  readonly parentURL?: string | undefined;
}

type Next = (specifier: string, context: Context) => unknown;

export function resolve(specifier: string, context: Context, next: Next): unknown {
  const shared = Object.hasOwn(SHARED, specifier) ? SHARED[specifier] : undefined;
  if (shared !== undefined) return next(shared, { ...context, parentURL: import.meta.url });
  if (specifier.startsWith(PREFIX))
    return next(specifier.slice(PREFIX.length), { ...context, parentURL: folder });
  return next(specifier, context);
}
