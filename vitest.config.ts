import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/fixtures/longest-first.ts';
import { PATIENCE_MS, TEST_PATIENCE_MS } from './test/fixtures/patience.ts';

/** Tests of what the window knows: their modules go through Svelte's compiler, and run as in a browser. */
const WINDOW = ['test/renderer/**/*.test.ts'];

/**
 * Tests of functions that keep nothing between calls: one process runs many of their files, since starting one costs more
 * than most of them.
 */
const PLAIN = [
  'test/shared/**/*.test.ts',
  'test/engine/study/{analysis,planning,report,statistics}/**/*.test.ts',
  'test/engine/{data,db}/**/*.test.ts',
];
export default defineConfig({
  test: {
    expect: { poll: { timeout: PATIENCE_MS } },
    // Native addons want a process of their own, and two cores want few of them.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: TEST_PATIENCE_MS,
    hookTimeout: TEST_PATIENCE_MS,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['node_modules/**', ...WINDOW, ...PLAIN],
        },
      },
      { extends: true, test: { name: 'plain', include: PLAIN, isolate: false } },
      {
        extends: true,
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ['browser'] },
        test: {
          name: 'window',
          include: WINDOW,
          environment: './test/renderer/page-environment.ts',
          server: { deps: { inline: [/svelte/] } },
        },
      },
    ],
  },
});
