import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
  for (const name of ['npm', 'graft']) {
    cpSync(join(projectRoot, 'build', 'carried', name), join(folder, name));
  }
  mkdirSync(join(folder, 'build'));
  writeFileSync(
    join(folder, 'build', 'graft.mjs'),
    'console.log(JSON.stringify([process.argv.slice(2), process.cwd()]))',
  );
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

it.skipIf(process.platform === 'win32')(
  'a bundle’s graft runs on that Node too, through a link and from where the user is',
  () => {
    const elsewhere = join(folder, 'a place');
    mkdirSync(elsewhere);
    symlinkSync(join(folder, 'graft'), join(elsewhere, 'graft'));
    const output = execFileSync(join(elsewhere, 'graft'), ['new', 'a b.graft'], {
      encoding: 'utf8',
      cwd: elsewhere,
      env: { PATH: '/usr/bin:/bin' },
    });
    expect(JSON.parse(output)).toEqual([['new', 'a b.graft'], realpathSync(elsewhere)]);
  },
);
