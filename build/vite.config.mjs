/**
 * Builds the window's page: renderer/ into dist/renderer, which the engine serves. No inline script comes out, so that
 * the page's content security policy can forbid them.
 */
import path from 'node:path';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const root = path.resolve(import.meta.dirname, '..');

export default defineConfig({
  root: path.join(root, 'renderer'),
  base: '/',
  plugins: [svelte({ configFile: false, preprocess: vitePreprocess() })],
  build: {
    outDir: path.join(root, 'dist', 'renderer'),
    emptyOutDir: true,
    // Electron 45 and current browsers.
    target: 'chrome140',
    sourcemap: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
  },
});
