import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: this runs from dist/docs or src/docs. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Writes generated files, or with `--check` on the command line compares them with what is there: then a difference is
 * named and the exit code is 1.
 *
 * @param command what mends a difference, such as `npm run docs`.
 */
export function settle(files: Readonly<Record<string, string>>, command: string): void {
  const isCheck = process.argv.includes('--check');
  const stale = Object.entries(files).filter(([path, text]) => {
    const file = join(ROOT, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text;
  });
  if (isCheck && stale.length > 0) {
    console.error(`Not up to date: ${stale.map(([path]) => path).join(', ')}. Run: ${command}`);
    process.exitCode = 1;
  }
  if (isCheck) return;
  for (const [path, text] of stale) {
    const file = join(ROOT, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
