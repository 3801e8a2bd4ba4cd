import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { dawnFolder, keepOwnDawn } from '../../build/own-dawn.mjs';
import { packageFilter } from '../../build/package-contents.mjs';
import { temporaryFolder } from '../fixtures/projects.ts';

const ALL = ['darwin-universal', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];

it.each([
  [{ platform: 'linux', arch: 'x64' }, 'linux-x64'],
  [{ platform: 'darwin', arch: 'arm64' }, 'darwin-universal'],
  [{ platform: 'win32', arch: 'arm64' }, 'win32-arm64'],
])('of the addons for graphics cards %o keeps its own alone, in packages too', (host, own) => {
  const root = temporaryFolder();
  const dist = path.join(root, 'node_modules', 'webgpu', 'dist');
  for (const name of ALL) {
    mkdirSync(path.join(dist, name), { recursive: true });
    writeFileSync(path.join(dist, name, 'dawn.node'), '');
  }
  expect(keepOwnDawn(root, host)).toEqual(ALL.filter((name) => name !== own));
  expect(readdirSync(dist)).toEqual([own]);
  expect(keepOwnDawn(root, host)).toEqual([]);

  expect(dawnFolder(host)).toBe(`dist/${own}`);
  expect(packageFilter('node_modules/webgpu', host).slice(0, 2)).toEqual([
    'index.js',
    `dist/${own}/**`,
  ]);
});

it('is content where there is no such package', () => {
  expect(keepOwnDawn(temporaryFolder(), { platform: 'linux', arch: 'x64' })).toEqual([]);
});
