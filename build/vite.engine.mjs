/**
 * Builds the engine: every part of it that starts as a process or a thread, and what they share as modules beside them.
 * Packages stay outside, since several find files and addons beside themselves; those of many small files and nothing
 * else are taken in.
 */
import path from 'node:path';
import { defineConfig } from 'vite';
import { PARTS } from '../engine/parts.ts';

const root = path.resolve(import.meta.dirname, '..');

const TAKEN_IN = /^(?:zod|commander|fast-png|iobuffer|fflate|saxes|xmlchars|pure-rand)(?:\/|$)/;

/**
 * Modules of their own, whoever uses them: where the engine lies is told from where `installation` does, and `preflight`
 * runs before a package is loaded.
 */
const APART = ['installation', 'preflight'];

/**
 * How entries of ours are built for Node: the engine's, and those of tests that start often.
 *
 * @param {Record<string, string>} input the file of each by its name
 */
export const forNode = (input) =>
  defineConfig({
    root,
    ssr: { noExternal: true },
    // build/engine.mjs says into which folder.
    build: {
      target: 'node24',
      minify: false,
      sourcemap: true,
      ssr: true,
      reportCompressedSize: false,
      rolldownOptions: {
        input,
        external: (id) => !TAKEN_IN.test(id) && !id.startsWith('.') && !path.isAbsolute(id),
        output: {
          format: 'es',
          entryFileNames: '[name].mjs',
          chunkFileNames: '[name]-[hash].mjs',
          keepNames: true,
        },
      },
    },
  });

export default forNode(
  Object.fromEntries(
    [...PARTS, ...APART].map((part) => [part, path.join(root, 'engine', `${part}.ts`)]),
  ),
);
