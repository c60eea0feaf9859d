// Builds src into dist with swc, only when something changed; `npm run build` and the other scripts use it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** A text that changes with every change of what a build is made of. */
function stampOf() {
  const hash = createHash('sha256');
  const add = (path) => {
    const { mtimeMs, size } = statSync(join(ROOT, path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  };
  for (const path of ['.swcrc', 'package-lock.json']) add(path);
  for (const entry of readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) add(join(entry.parentPath, entry.name).slice(ROOT.length));
  return hash.digest('hex');
}

/** The path of a program that a package of ours brings, for `node <path>`: no shell and no PATH are needed. */
export function programOf(name, program = name) {
  const file = join(ROOT, 'node_modules', name, 'package.json');
  const { bin } = createRequire(import.meta.url)(file);
  return join(dirname(file), typeof bin === 'string' ? bin : bin[program]);
}

/** Builds if dist is missing or older than src. The new dist appears whole; a failed build ends the process. */
export function buildIfStale() {
  const stamp = stampOf();
  const stampFile = join(DIST, '.stamp');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const next = `${DIST}.next-${process.pid}`;
  const args = ['src', '-d', next, '--strip-leading-paths', '--copy-files', '--ignore', '**/*.spec.ts', '-q'];
  const built = spawnSync(process.execPath, [programOf('@swc/cli', 'swc'), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (built.status !== 0) {
    rmSync(next, { recursive: true, force: true });
    process.stderr.write(`${built.stdout}${built.stderr}\nThe build failed.\n`);
    process.exit(1);
  }
  writeFileSync(join(next, '.stamp'), stamp);
  const old = `${DIST}.old-${process.pid}`;
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(next, DIST);
  rmSync(old, { recursive: true, force: true });
}

/** Imports a built module, such as `main` or `cli/doctor`, in this process: signals need no forwarding. */
export async function runBuilt(name) {
  buildIfStale();
  await import(pathToFileURL(join(DIST, `${name}.js`)).href);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildIfStale();
