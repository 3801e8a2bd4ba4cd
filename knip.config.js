/**
 * Finds files, exports and dependencies that nothing uses.
 *
 * @type {import('knip').KnipConfig}
 */
export default {
  entry: [
    'build/*.mjs',
    'engine/cli.ts',
    'renderer/main.ts',
    'test/bench/*.ts',
    // Started as a process and as a thread, by path.
    'engine/training/worker.ts',
    'engine/training/portable/pthread-worker.ts',
  ],
  project: ['shared/**', 'engine/**', 'renderer/**', 'build/**', 'test/**'],
  ignore: ['test/build/fixtures/**'],
  // An exported type names what an exported function gives or takes, used elsewhere or not.
  ignoreExportsUsedInFile: { interface: true, type: true },
  ignoreDependencies: [
    // Started by name through build/tools.mjs; tsgolint by oxlint.
    'dependency-cruiser',
    'oxlint',
    'oxlint-tsgolint',
    // Comes with tfjs-node, and is asked only about that.
    '@mapbox/node-pre-gyp',
    // Imported by name, for its types (engine/training/weights/keras-file.ts).
    'h5wasm',
    // Checks the window's types; started by name.
    'svelte-check',
  ],
};
