import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Who waits for what comes at once waits no longer for it; a machine that does ten other things takes its time. */
const poll = { timeout: 20_000 };
const shared = { environment: 'node' as const, testTimeout: 30_000, hookTimeout: 60_000, expect: { poll } };

export default defineConfig({
  test: {
    // Most tests wait for real devices and clocks: on two cores, too, two files at once.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { test: { ...shared, name: 'unit', include: ['src/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/scenario/**/*.test.ts'] } },
      { test: { ...shared, name: 'browser', include: ['test/browser/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 120_000 } },
      { test: { ...shared, name: 'servers', include: ['test/servers/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
