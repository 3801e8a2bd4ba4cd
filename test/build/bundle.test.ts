import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { carriedCache, projectRoot } from '../../build/locations.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'graft bundle '));
  const carried = carriedCache(folder);
  const node = join(carried, 'node-24.0.0-linux-x64', 'node', 'bin', 'node');
  const npm = join(carried, 'npm', 'bin', 'npm-cli.js');
  for (const file of [node, npm]) mkdirSync(dirname(file), { recursive: true });
  symlinkSync(process.execPath, node);
  const say =
    "const { execSync } = require('node:child_process');" +
    "console.log(JSON.stringify([process.argv.slice(2), String(execSync('command -v node')).trim()]))";
  writeFileSync(npm, say);
  cpSync(join(projectRoot, 'build', 'carried', 'npm'), join(folder, 'npm'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it.skipIf(process.platform === 'win32')(
  'a bundle’s npm runs on the Node that came with it, for its scripts as well',
  () => {
    const output = execFileSync(join(folder, 'npm'), ['run', 'a b', '--', '--smoke'], {
      encoding: 'utf8',
      cwd: tmpdir(),
      env: { PATH: '/usr/bin:/bin' },
    });
    expect(JSON.parse(output)).toEqual([
      ['run', 'a b', '--', '--smoke'],
      join(carriedCache(folder), 'node-24.0.0-linux-x64', 'node', 'bin', 'node'),
    ]);
  },
);
