/** Shared by the unit project and the project on real servers. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', { swcrc: true, exclude: [] }] },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.data/'],
};

/** Plain JavaScript: Node 20 reads no TypeScript, and jest's loaders for it are one more package. */
export default {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    {
      ...common,
      displayName: 'servers',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.mjs',
      globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
    },
  ],
  reporters: ['default', '<rootDir>/test/support/totals-reporter.mjs'],
  testTimeout: 60_000,
};
