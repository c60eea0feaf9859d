#!/usr/bin/env node
// `npx datawave-contract [-- jest arguments]` in the folder of a plugin: runs its *.test.js with the contract suite of
// this checkout, which is TypeScript, and with one copy of the SPI for both.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programOf, ROOT } from './build.mjs';

// As in test.mjs: the code is ESM.
const JEST_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

const { name, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
// What a plugin imports of the product, as source.
const shared = Object.entries(exports).map(([path, { types }]) => [
  `^${name}${path.slice(1)}$`,
  join(ROOT, types),
]);
const swc = JSON.parse(readFileSync(join(ROOT, '.swcrc'), 'utf8'));

const config = {
  rootDir: process.cwd(),
  testEnvironment: 'node',
  testMatch: ['<rootDir>/**/*.test.js'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: Object.fromEntries([...shared, ['^(\\.{1,2}/.*)\\.js$', '$1']]),
  transform: {
    '^.+\\.ts$': [
      fileURLToPath(import.meta.resolve('@swc/jest')),
      { ...swc, $schema: undefined, swcrc: false, exclude: [] },
    ],
  },
  testTimeout: 60_000,
};

const jest = spawn(
  process.execPath,
  [programOf('jest'), '--config', JSON.stringify(config), ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, NODE_OPTIONS: JEST_OPTIONS } },
);
jest.on('exit', (code) => process.exit(code ?? 1));
