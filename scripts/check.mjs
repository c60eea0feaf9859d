// `npm run check`: every check that needs no server, two at a time; one line each, and the output of what failed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfStale, programOf, ROOT } from './build.mjs';

const CHECKS = [
  ['types', programOf('typescript', 'tsc'), '--noEmit'],
  ['lint', programOf('eslint'), '.', '--max-warnings', '0'],
  ['format', programOf('prettier'), '--check', '.', '--log-level', 'warn'],
  ['layers and import circles', programOf('dependency-cruiser', 'depcruise'), 'src'],
  ['unused files, exports and packages', programOf('knip')],
  ['unit tests', join(ROOT, 'scripts/test.mjs'), '--selectProjects', 'unit', '--silent'],
  ['openapi.json is what the code says', join(ROOT, 'scripts/run.mjs'), 'openapi', '--check'],
  ['docs are what the code says', join(ROOT, 'scripts/run.mjs'), 'docs', '--check'],
  [
    'openapi.json is clean',
    programOf('@redocly/cli', 'redocly'),
    'lint',
    'openapi.json',
    '--format',
    'stylish',
  ],
].filter(([, program]) => existsSync(program));

// Redocly asks for updates and counts its users unless it is told not to.
const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

// Once, before two checks want to do it at the same moment.
buildIfStale();

const failed = [];
const waiting = [...CHECKS];

async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [title, ...command] = next;
    const began = performance.now();
    const { code, output } = await run(command);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? '✔' : '✖'} ${title} ${seconds} s\n`);
    if (code !== 0) failed.push({ title, output });
  }
}

function run(command) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

await Promise.all([work(), work()]);
for (const { title, output } of failed) process.stdout.write(`\n── ${title} ──\n${output.trim()}\n`);
process.exit(failed.length === 0 ? 0 : 1);
