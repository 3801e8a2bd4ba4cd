/** What a project calls its images decides nothing of where files are written. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { exportDataset } from '../../../../engine/data/export/export.ts';
import { placeInside } from '../../../../engine/data/export/inside-folder.ts';
import { writeWhole, writeWholeSync } from '../../../../engine/data/write-file.ts';
import { addDataset, temporaryFolder, temporaryProject } from '../../../fixtures/projects.ts';

it.each([
  '../../escaped.png',
  '/tmp/escaped.png',
  '..\\..\\escaped.png',
  'images/../../../escaped.png',
])(
  'an image called %j is not exported, and nothing is written or replaced for it',
  async (name) => {
    const project = temporaryProject();
    const datasetId = addDataset(project, 'd', { count: 2 });
    const raw = new Database(project.path);
    raw.prepare('UPDATE images SET name = ? WHERE id = (SELECT max(id) FROM images)').run(name);
    raw.close();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'escaped.png'), 'was there');
    const dir = join(folder, 'out');
    for (const format of ['folder', 'coco'] as const) {
      await expect(exportDataset(project, datasetId, { format, dir })).rejects.toThrow(
        /escaped\.png" (leads out of its folder|begins at the root of a disk)/,
      );
      expect(readdirSync(dir)).toEqual([]);
      expect(readFileSync(join(folder, 'escaped.png'), 'utf8')).toBe('was there');
    }
    const image = { datasetId, name, widthPx: 1, heightPx: 1, channels: 1, bitDepth: 8 } as const;
    const rest = { hash: '', page: 0, groupName: null, imageClass: null };
    const source = { bytes: new Uint8Array(1) };
    expect(() => project.datasets.addImage({ ...image, ...rest, source })).toThrow(/escaped/);
  },
);

it('folders that are links out of the folder are not followed, and links to files are replaced themselves', () => {
  const folder = temporaryFolder();
  const [dir, outside] = [join(folder, 'out'), join(folder, 'outside')];
  for (const made of [dir, outside]) mkdirSync(made);
  symlinkSync(outside, join(dir, 'away'));
  expect(() => placeInside(dir, 'away/a.png')).toThrow(/leads out of .*: nothing was written/);
  expect(() => placeInside(dir, 'away/deeper/a.png')).toThrow(/leads out of/);
  expect(readdirSync(outside)).toEqual([]);
  writeFileSync(join(outside, 'kept.png'), 'kept');
  symlinkSync(join(outside, 'kept.png'), join(dir, 'a.png'));
  const file = placeInside(dir, 'a.png');
  writeWholeSync(file, 'new');
  expect(readFileSync(join(outside, 'kept.png'), 'utf8')).toBe('kept');
  expect(readFileSync(file, 'utf8')).toBe('new');
});

it('nothing that is there is replaced where that is not asked for', async () => {
  const dir = temporaryFolder();
  const file = placeInside(dir, 'deep/er/a.png');
  writeFileSync(file, 'old');
  expect(() => writeWholeSync(file, 'new', { replace: false })).toThrow(/something of that name/);
  await expect(writeWhole(file, 'new', { replace: false })).rejects.toThrow(/of that name/);
  expect(readFileSync(file, 'utf8')).toBe('old');
  const other = placeInside(dir, 'deep/er/b.png');
  await writeWhole(other, 'new', { replace: false });
  expect(readFileSync(other, 'utf8')).toBe('new');
  expect(readdirSync(join(dir, 'deep', 'er'))).toEqual(['a.png', 'b.png']);
});
