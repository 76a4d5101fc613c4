/** Jest 30 in ESM mode; TypeScript is stripped by Node itself (test/strip-types.js), so nothing is compiled. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // One PostgreSQL for the run, started by the first test that asks for a database.
  globalSetup: '<rootDir>/test/harness/global-setup.ts',
  globalTeardown: '<rootDir>/test/harness/global-teardown.ts',
  testSequencer: '<rootDir>/test/harness/slowest-first.js',
  testTimeout: 30_000,
  maxWorkers: 2,
  // Modules of every suite stay in a worker's memory: near 4 GB it slows down, then dies. A new one takes over before.
  workerIdleMemoryLimit: '1200MB',
};
