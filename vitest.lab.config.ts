import { defineConfig } from 'vitest/config';
import { labReporter } from './test/lab/reporter.ts';

export default defineConfig({
  test: {
    include: ['test/lab/**/*.test.ts'],
    globalSetup: ['test/lab/setup.ts'],
    reporters: ['default', 'json', labReporter()],
    outputFile: { json: 'node_modules/.cache/copse-lab-tests.json' },
    // emulated machines are slow, and slower still on a busy host: a limit only ends what hangs
    testTimeout: 1_800_000,
    hookTimeout: 900_000,
    teardownTimeout: 60_000,
    pool: 'forks',
    // a machine computes less than half of its time: three keep two cores busy
    maxWorkers: 3,
  },
});
