/**
 * Builds the Electron shell into dist/electron: the main process as one module, the preload script as one CommonJS
 * file, which is what a sandboxed window can load. Node and Electron stay outside.
 */
import { builtinModules } from 'node:module';
import path from 'node:path';
import { defineConfig } from 'vite';

const root = path.resolve(import.meta.dirname, '..');
const external = ['electron', /^node:/, ...builtinModules];

/** @param {{ mode: string }} environment mode: `main` or `preload` */
export default defineConfig(({ mode }) => ({
  root,
  build: {
    outDir: path.join(root, 'dist', 'electron'),
    emptyOutDir: mode === 'main',
    target: 'node24',
    minify: false,
    sourcemap: true,
    ssr: true,
    rolldownOptions: {
      input: path.join(root, 'electron', `${mode}.ts`),
      external,
      output:
        mode === 'main'
          ? { format: 'es', entryFileNames: 'main.mjs' }
          : { format: 'cjs', entryFileNames: 'preload.cjs' },
    },
  },
  ssr: { noExternal: ['zod'] },
}));
