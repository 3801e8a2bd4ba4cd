import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineFolder, ensureEngine } from '../../build/engine.mjs';
import { projectRoot } from '../../build/locations.mjs';
import { partFile, PARTS } from '../../engine/parts.ts';

/** A project of one source in each folder. */
function temporaryRoot(): () => string {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'graft-engine-'));
    for (const folder of ['engine/db', 'shared', 'build']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    for (const file of ['build/vite.engine.mjs', 'package-lock.json', 'shared/a.ts']) {
      writeFileSync(join(root, file), '');
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));
  return () => root;
}

describe('the state of the sources', () => {
  const root = temporaryRoot();
  const source = () => join(root(), 'engine', 'db', 'cells.ts');
  const write = (text: string, seconds: number) => {
    writeFileSync(source(), text);
    utimesSync(source(), seconds, seconds);
  };
  beforeEach(() => write('one', 1000));

  it.each<[string, () => void]>([
    ['is written again in another size', () => write('three', 1000)],
    ['is written again at another time', () => write('two', 1001)],
    ['goes back to an older date', () => write('one', 999)],
    ['is added', () => writeFileSync(join(root(), 'engine', 'more.ts'), '')],
    ['is taken away', () => rmSync(source())],
  ])('is another one where a file %s', (_, change) => {
    const before = engineFolder(root());
    expect(engineFolder(root())).toBe(before);
    change();
    expect(engineFolder(root())).not.toBe(before);
  });

  it('has nothing to do with what the engine reads while it runs', () => {
    const before = engineFolder(root());
    writeFileSync(join(root(), 'engine', 'db', '001.sql'), '');
    expect(engineFolder(root())).toBe(before);
  });
});

describe('building the engine', () => {
  const root = temporaryRoot();

  it('happens once, however many want it at once, and is found whole', async () => {
    const starts: string[] = [];
    const build = async (node: string, folder: string) => {
      starts.push(node);
      writeFileSync(join(folder, 'cli.mjs'), 'half');
      expect(existsSync(engineFolder(root()))).toBe(false);
      await setTimeout(20);
      writeFileSync(join(folder, 'cli.mjs'), 'whole');
    };
    const folders = await Promise.all(
      ['a', 'b', 'c'].map((node) => ensureEngine(node, { root: root(), build })),
    );
    expect([new Set(folders), starts.length]).toEqual([new Set([engineFolder(root())]), 1]);
    expect(readFileSync(join(engineFolder(root()), 'cli.mjs'), 'utf8')).toBe('whole');
  });

  it('leaves nothing behind where it fails, and says so', async () => {
    const build = (_: string, folder: string) => {
      writeFileSync(join(folder, 'cli.mjs'), 'half');
      return Promise.reject(new Error('The engine could not be built: no rolldown'));
    };
    await expect(ensureEngine('node', { root: root(), build })).rejects.toThrow('no rolldown');
    expect(readdirSync(join(root(), 'dist', 'built-engine'))).toEqual([]);
  });

  it.each<[string, (folder: string) => void]>([
    ['one of its files is gone', (folder) => rmSync(join(folder, 'data', 'part.mjs'))],
    ['one is cut off', (folder) => writeFileSync(join(folder, 'cli.mjs'), 'wh')],
    ['one was left empty', (folder) => writeFileSync(join(folder, 'data', 'part.mjs'), '')],
    [
      'what tells its files is cut off',
      (folder) => writeFileSync(join(folder, 'contents.json'), '{"'),
    ],
    ['what tells its files is gone', (folder) => rmSync(join(folder, 'contents.json'))],
  ])('happens again where %s', async (_, damage) => {
    let builds = 0;
    const build = (__: string, folder: string) => {
      builds += 1;
      mkdirSync(join(folder, 'data'));
      for (const name of ['cli.mjs', 'data/part.mjs']) writeFileSync(join(folder, name), 'whole');
      return Promise.resolve();
    };
    const ensure = () => ensureEngine('node', { root: root(), build });
    const folder = await ensure();
    // What a start keeps beside the build is no damage to it.
    writeFileSync(join(folder, 'compiled'), '');
    expect([await ensure(), builds]).toEqual([folder, 1]);
    damage(folder);
    expect([await ensure(), builds]).toEqual([folder, 2]);
    expect(readFileSync(join(folder, 'data', 'part.mjs'), 'utf8')).toBe('whole');
  });

  it('is taken over where sources say the same and have other dates, as in a copy', async () => {
    let builds = 0;
    const build = (__: string, folder: string) => {
      builds += 1;
      writeFileSync(join(folder, 'cli.mjs'), `build ${builds}`);
      return Promise.resolve();
    };
    const ensure = () => ensureEngine('node', { root: root(), build });
    const first = await ensure();
    utimesSync(join(root(), 'shared', 'a.ts'), 1000, 1000);
    const second = await ensure();
    expect([second === first, builds]).toEqual([false, 1]);
    expect(readFileSync(join(second, 'cli.mjs'), 'utf8')).toBe('build 1');
    // One that is damaged is taken over by nobody.
    writeFileSync(join(first, 'cli.mjs'), '');
    writeFileSync(join(second, 'cli.mjs'), '');
    utimesSync(join(root(), 'shared', 'a.ts'), 2000, 2000);
    expect(readFileSync(join(await ensure(), 'cli.mjs'), 'utf8')).toBe('build 2');
    // Nor is one of other sources of the same size.
    writeFileSync(join(root(), 'shared', 'a.ts'), 'one');
    await ensure();
    writeFileSync(join(root(), 'shared', 'a.ts'), 'two');
    utimesSync(join(root(), 'shared', 'a.ts'), 3000, 3000);
    await ensure();
    expect(builds).toBe(4);
  });

  it('leaves the builds from which engines may still run, but not all that there ever were', async () => {
    const builds: string[] = [];
    for (const size of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg']) {
      writeFileSync(join(root(), 'shared', 'a.ts'), size);
      builds.push(await ensureEngine('node', { root: root(), build: () => Promise.resolve() }));
      for (const [age, folder] of builds.toReversed().entries()) {
        if (existsSync(folder)) utimesSync(folder, 1e6 - age, 1e6 - age);
      }
    }
    expect(builds.map((folder) => existsSync(folder))).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('the built engine', () => {
  it('is what tests start, made of the sources as they are, with every part in it', () => {
    expect(partFile('cli')).toBe(join(engineFolder(projectRoot), 'cli.mjs'));
    expect(PARTS.filter((part) => !existsSync(partFile(part)))).toEqual([]);
  });

  it('loads no package before it has looked at its Node', () => {
    const script = `Object.defineProperty(process.versions, 'napi', { value: '9' }); import(process.argv[1])`;
    const ended = () =>
      execFileSync(process.execPath, ['--eval', script, partFile('cli')], { stdio: 'pipe' });
    expect(ended).toThrow(/needs Node 24/);
  });
});
