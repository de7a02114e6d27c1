import { defineConfig } from 'vitest/config';

/** Benchmarks print figures; they assert only that what they measured did what it should. */
export default defineConfig({
  test: { include: ['bench/**/*.bench.ts'], testTimeout: 900_000, hookTimeout: 120_000, pool: 'forks', maxWorkers: 1 },
});
