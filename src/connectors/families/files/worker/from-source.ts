import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const IMPORT = /(?:from|import)\s*\(?['"](\.{1,2}\/[^'"]+)\.js['"]/g;

/**
 * Compiles what a thread or a process of ours runs, and what it imports, into `.cache/`, for runs on the TypeScript
 * itself: they are started by Node, which reads no TypeScript. Never called from the build. Gives the URL of the
 * compiled file.
 *
 * @param entry path of a TypeScript file of the product.
 */
export async function builtFromSource(entry: string): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  const project = join(here, '../../../../..');
  const source = join(project, 'src');
  const sources = new Map<string, string>();
  await collect(entry, sources);

  const hash = createHash('sha256');
  for (const [file, text] of [...sources].sort()) hash.update(file).update(text);
  const target = join(project, '.cache/parser-thread', hash.digest('hex').slice(0, 16));
  const built = join(target, relative(source, entry).replace(/\.ts$/, '.js'));
  const url = pathToFileURL(built).href;
  if (await exists(built)) return url;

  const { transform } = await import('@swc/core');
  const draft = `${target}.${process.pid}.${Date.now()}`;
  for (const [file, text] of sources) {
    const { code } = await transform(text, { filename: file, cwd: project, sourceMaps: 'inline' });
    const path = join(draft, relative(source, file)).replace(/\.ts$/, '.js');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
  }
  // Several test processes may do this at once: the first one wins, and all have the same.
  await rename(draft, target).catch(() => rm(draft, { recursive: true, force: true }));
  return url;
}

async function collect(file: string, into: Map<string, string>): Promise<void> {
  if (into.has(file)) return;
  const text = await readFile(file, 'utf8');
  into.set(file, text);
  for (const [statement, path] of text.matchAll(IMPORT))
    if (path !== undefined && !statement.startsWith('import type'))
      await collect(join(dirname(file), `${path}.ts`), into);
}

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}
