import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { ensureEngine } from './build/engine.mjs';
import { LongestFirst } from './test/fixtures/longest-first.ts';
import { PATIENCE_MS, TEST_PATIENCE_MS } from './test/fixtures/patience.ts';

/** Tests of what the window knows: their modules go through Svelte's compiler, and run as in a browser. */
const WINDOW = ['test/renderer/**/*.test.ts'];

/** Tests of the window in a browser, which their process shares (test/e2e/graft-window.ts). */
const E2E = ['test/e2e/**/*.test.ts'];

/**
 * Tests that look at a whole process: what it has loaded, registered and found, how large its heap is, which windows it
 * opens; and those that put a disk or a way to start processes of their own in the place of the real one.
 */
const ALONE = [
  'test/e2e/{built-shell,electron}.test.ts',
  'test/engine/study/running/hold-alone.test.ts',
  'test/engine/prompts/networks.test.ts',
  'test/engine/training/portable/{batch-norm,start,training}.test.ts',
  'test/engine/training/webgpu/adapters.test.ts',
];

/** Tests of the portable engine, which a process has once and for one number of threads. */
const PORTABLE = [
  'test/engine/training/portable/**/*.test.ts',
  'test/engine/training/portable-step.test.ts',
  'test/engine/training/pretrain/portable.test.ts',
];

/** Tests of graphics cards, on a software driver, which takes over tfjs's backend. */
const CARD = ['test/engine/training/webgpu/**/*.test.ts'];

/** Tests of what training is made of, on native TensorFlow, which takes longer to load than most of them. */
const NATIVE = ['test/engine/training/**/*.test.ts'];

/** Tests load sources, and the processes that they start are built: what users start, in half the time. */
const built = await ensureEngine(process.execPath);

export default defineConfig({
  test: {
    env: { GRAFT_BUILT_ENGINE: built, NODE_COMPILE_CACHE: join(built, 'compile-cache') },
    expect: { poll: { timeout: PATIENCE_MS } },
    // Native addons want a process of their own, and two cores want few of them: with three, those that compute take longer.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: TEST_PATIENCE_MS,
    hookTimeout: TEST_PATIENCE_MS,
    sequence: { sequencer: LongestFirst },
    // What a test puts in the place of the environment must not reach the next file of its process.
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      // One process runs many files of the others, since starting one costs more than most of them.
      { extends: true, test: { name: 'e2e', include: E2E, exclude: ALONE, isolate: false } },
      {
        extends: true,
        test: { name: 'portable', include: PORTABLE, exclude: ALONE, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'native',
          include: NATIVE,
          exclude: [...ALONE, ...PORTABLE, ...CARD],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'card', include: CARD, exclude: ALONE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'node',
          // They wait for disks and for processes that they start; with two, an eighth of two cores' time goes unused.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          include: ['test/**/*.test.ts'],
          exclude: ['node_modules/**', ...ALONE, ...E2E, ...NATIVE, ...WINDOW],
          isolate: false,
        },
      },
      {
        extends: true,
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ['browser'] },
        test: {
          name: 'window',
          include: WINDOW,
          isolate: false,
          environment: './test/renderer/page-environment.ts',
          server: { deps: { inline: [/svelte/] } },
        },
      },
    ],
  },
});
