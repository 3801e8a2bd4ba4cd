import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../build/locations.mjs';
import {
  assertNothingThere,
  isThere,
  makeFolder,
  writeError,
  writeWhole,
  writeWholeSync,
} from '../../../engine/data/write-file.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const WAYS = [
  ['in its turn', (path: string, text: string): void | Promise<void> => writeWhole(path, text)],
  ['at once', (path: string, text: string): void | Promise<void> => writeWholeSync(path, text)],
] as const;

it.each(WAYS)('writes a file whole, with its folders (%s)', async (_way, write) => {
  const path = join(temporaryFolder(), 'a', 'b.txt');
  await write(path, 'old');
  await write(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(dirname(path))).toEqual(['b.txt']);
});

it.each(WAYS)('names a folder in its place, and leaves nothing (%s)', async (_way, write) => {
  const folder = temporaryFolder();
  const path = join(folder, 'b.txt');
  mkdirSync(join(path, 'inside'), { recursive: true });
  const failed = (async () => write(path, 'new'))();
  await expect(failed).rejects.toMatchObject({ code: 'unreadable', subject: path });
  await expect(failed).rejects.toThrow('there is a folder of that name');
  expect(readdirSync(folder)).toEqual(['b.txt']);
});

it('leaves nothing of a file whose content ends with an error', async () => {
  const folder = temporaryFolder();
  const content = (async function* () {
    yield await Promise.resolve(new Uint8Array(10));
    throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
  })();
  const path = join(folder, 'a.onnx');
  await expect(writeWhole(path, content)).rejects.toMatchObject({ code: 'no-space' });
  expect(readdirSync(folder)).toEqual([]);
});

it('says what the file system complains about', () => {
  const words = (code: string) => writeError('/x', Object.assign(new Error(code), { code }));
  expect([words('EDQUOT').code, words('EROFS').code]).toEqual(['no-space', 'unreadable']);
  expect(words('EROFS').message).toContain('the disk is read-only');
});

it('says where nothing can be of a name', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
  expect(isThere(join(folder, 'none'))).toBe(false);
  expect(isThere(join(folder, 'link'))).toBe(true);
  expect(() => isThere(join(folder, 'file', 'a.csv'))).toThrow('in the place of a folder');
  expect(() => isThere(join(folder, 'x'.repeat(300)))).toThrow('the name is too long');
});

it('refuses to take the place of a file', () => {
  const path = join(temporaryFolder(), 'a.txt');
  expect(() => assertNothingThere(path)).not.toThrow();
  writeFileSync(path, '');
  expect(() => assertNothingThere(path)).toThrow('exists already');
});

describe('a folder that is made', () => {
  it('is made with those above it, and is no error where it is there already', () => {
    const path = join(temporaryFolder(), 'a', 'b', 'c');
    makeFolder(path);
    makeFolder(path);
    expect(readdirSync(path)).toEqual([]);
  });

  it('is refused at or beneath a file', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'a'), join(file, 'a', 'b')]) {
      expect(() => makeFolder(path)).toThrow('there is a file in the place of a folder');
    }
  });

  it.skipIf(!existsSync('/proc/self'))('is refused, at once, where no folder can be', () => {
    for (const path of ['/proc/graft', '/proc/graft/a/b', '/proc/self/graft/a']) {
      expect(() => makeFolder(path)).toThrow('no folder can be made there');
    }
  });

  it('is made by nobody else in the engine', () => {
    const makers = globSync('engine/**/*.ts', { cwd: projectRoot }).filter((file) =>
      /\bmkdir(Sync)?\b/.test(readFileSync(join(projectRoot, file), 'utf8')),
    );
    expect(makers).toEqual([join('engine', 'data', 'write-file.ts')]);
  });
});
