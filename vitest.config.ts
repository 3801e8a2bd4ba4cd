import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Tests of what the window knows: their modules go through Svelte's compiler, and run as in a browser. */
const WINDOW = ['test/renderer/**/*.test.ts'];

export default defineConfig({
  test: {
    // What is waited for comes soon on an idle machine; a busy one is no failure.
    expect: { poll: { timeout: 15_000 } },
    // Native addons want a process of their own, and two cores want few of them.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['node_modules/**', ...WINDOW],
        },
      },
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
