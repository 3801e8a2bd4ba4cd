import { PARTS } from './engine/parts.ts';

/**
 * Finds files, exports and dependencies that nothing uses; with --production, what tests alone use. The product is what
 * is reached from the entries and lies in the folders that are marked by `!`.
 *
 * @type {import('knip').KnipConfig}
 */
export default {
  entry: [
    'build/*.mjs!',
    'renderer/main.ts!',
    'electron/main.ts!',
    'electron/preload.ts!',
    // Scripts that measure the product count as its users.
    'test/bench/*.ts!',
    // Started as processes and as threads, by path.
    ...PARTS.map((part) => `engine/${part}.ts!`),
    // Run by a shell, on request.
    'test/packages/*.{ts,mjs}',
    // Run by path, as Electron is.
    'test/e2e/stand-in-electron.mjs',
    'test/cluster/slurm-faults.ts',
    'test/faults/faults.ts',
    'test/faults/messages/engine-process.ts',
    'test/faults/kills/victim.ts',
    'test/faults/kills/page.ts',
    'test/engine/training/pretrain/learn-by-heart.ts',
    'test/engine/training/webgpu/fill-card.ts',
    'test/engine/training/tensorflow/kernel-checks.ts',
    'test/engine/training/tensorflow/operation-bits-process.ts',
  ],
  project: ['shared/**!', 'engine/**!', 'renderer/**!', 'electron/**!', 'build/**!', 'test/**'],
  ignore: ['test/build/fixtures/**'],
  // An exported type names what an exported function gives or takes, used elsewhere or not. What the product uses within
  // one file may be exported for its tests.
  ignoreExportsUsedInFile: process.argv.includes('--production')
    ? true
    : { interface: true, type: true },
  // Of the system.
  ignoreBinaries: [
    'mkfifo',
    'cc',
    'chroot',
    'dpkg-deb',
    'rpmbuild',
    'apt-get',
    'mount',
    'umount',
    'pgrep',
    'pkill',
    'dd',
  ],
  ignoreDependencies: [
    // Started by name through build/tools.mjs; tsgolint by oxlint.
    'dependency-cruiser',
    'oxfmt',
    'oxlint',
    'oxlint-tsgolint',
    // Comes with tfjs-node, and is asked only about that.
    '@mapbox/node-pre-gyp',
    // Imported by name, for its types (engine/training/weights/keras-file.ts).
    'h5wasm',
    // Comes with electron-builder: its own filter of files, tried by a test.
    'app-builder-lib',
    // Checks the window's types; started by name.
    'svelte-check',
  ],
};
