import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['node_modules/**'],
    // What is waited for comes soon on an idle machine; a busy one is no failure.
    expect: { poll: { timeout: 15_000 } },
    // Native addons want a process of their own, and two cores want few of them.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
