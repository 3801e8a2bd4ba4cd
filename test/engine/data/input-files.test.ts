import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { inputFiles } from '../../../engine/data/input-files.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

function folderWith(files: readonly string[]): string {
  const dir = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), '');
  }
  return dir;
}

it('takes folders with all that lies beneath them, and keeps their folders', async () => {
  const dir = folderWith([
    'a/1.png',
    'a/deep/1.tif',
    'b/1.png',
    '2.png',
    'notes.txt',
    '.hidden.png',
  ]);
  const { files, notes } = await inputFiles([dir], join(dir, '..', 'elsewhere'));
  expect(files.map(({ name, target }) => [name, target])).toEqual([
    ['2.png', '2'],
    ['a/1.png', 'a/1'],
    ['a/deep/1.tif', 'a/deep/1'],
    ['b/1.png', 'b/1'],
  ]);
  expect(notes).toEqual([`1 file in ${dir} left out: no images by their names`]);
});

it('gives no two results one name', async () => {
  const one = folderWith(['a.png', 'a.jpg', 'A.tif', 'x/a.png']);
  const two = folderWith(['a.png', 'x/a.png']);
  const { files } = await inputFiles([one, two, join(one, 'a.png')], join(one, 'out'));
  const targets = files.map(({ target }) => target.toLowerCase());
  expect(new Set(targets).size).toBe(7);
  expect(files.map(({ target }) => target)).toContain('x/a-2');
});

it('leaves out what lies where results are written, and says so', async () => {
  const dir = folderWith(['1.png', 'out/1.png', 'out/sub/2.png']);
  const { files, notes } = await inputFiles([dir], join(dir, 'out'));
  expect(files.map(({ name }) => name)).toEqual(['1.png']);
  expect(notes).toEqual(['2 images in out left out: results are written there']);
});

it('names a path that is not there', async () => {
  await expect(inputFiles(['/no/such/folder'], '/out')).rejects.toMatchObject({
    code: 'not-found',
  });
});
