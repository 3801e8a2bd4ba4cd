/** What a project calls its images decides nothing of where files are written. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { exportDataset } from '../../../../engine/data/export/export.ts';
import { EVERYTHING } from '../../../../engine/data/export/selection.ts';
import { placeInside } from '../../../../engine/data/export/inside-folder.ts';
import { writeWhole, writeWholeSync } from '../../../../engine/data/write-file.ts';
import { EXPORT_FORMATS } from '../../../../shared/export-formats.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { addDataset, temporaryFolder, temporaryProject } from '../../../fixtures/projects.ts';

it.each([
  '../../escaped.png',
  '/tmp/escaped.png',
  '..\\..\\escaped.png',
  'images/../../../escaped.png',
])(
  'an image called %j is left out and named, the others are exported, and nothing is written elsewhere',
  async (name) => {
    const project = temporaryProject();
    const datasetId = addDataset(project, 'd', { count: 2 });
    const raw = new Database(project.path);
    raw.prepare('UPDATE images SET name = ? WHERE id = (SELECT max(id) FROM images)').run(name);
    raw.close();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'escaped.png'), 'was there');
    for (const format of EXPORT_FORMATS) {
      const dir = join(folder, format);
      const { images, troubles, damaged } = await exportDataset(project, datasetId, {
        format,
        dir,
      });
      const words =
        /escaped\.png" was left out: its name (leads out of its folder|begins at the root of a disk)\. Rename it/;
      expect([images, damaged, troubles]).toEqual([1, [], [expect.stringMatching(words)]]);
      const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
      expect(files.filter((file) => file.includes('escaped'))).toEqual([]);
      expect(files.filter((file) => basename(file) === '0.png').length).toBeGreaterThan(0);
      for (const file of files.filter((one) => /\.(json|xml|txt|yaml|geojson)$/.test(one))) {
        expect(readFileSync(join(dir, file), 'utf8')).not.toContain('escaped');
      }
      expect(readFileSync(join(folder, 'escaped.png'), 'utf8')).toBe('was there');
    }
    expect(readdirSync(folder).sort()).toEqual([...EXPORT_FORMATS, 'escaped.png'].sort());
    const own = project.datasets.images(datasetId).filter((image) => image.name === name);
    const chosen = { ...EVERYTHING, imageIds: own.map(({ id }) => id) };
    const alone = { format: 'folder', dir: join(folder, 'alone'), selection: chosen } as const;
    await expect(exportDataset(project, datasetId, alone)).rejects.toThrow(
      /The image name .*escaped/,
    );
    const image = { datasetId, name, widthPx: 1, heightPx: 1, channels: 1, bitDepth: 8 } as const;
    const rest = { hash: '', page: 0, groupName: null, imageClass: null };
    const source = { bytes: new Uint8Array(1) };
    expect(() => project.datasets.addImage({ ...image, ...rest, source })).toThrow(/escaped/);
  },
);

it('an image whose name no file can have, or whose original cannot be read, costs itself alone', async () => {
  const project = temporaryProject();
  const datasetId = addDataset(project, 'd', { count: 5 });
  const raw = new Database(project.path);
  const rename = raw.prepare('UPDATE images SET name = ? WHERE name = ?');
  rename.run(`${'long'.repeat(80)}.png`, '1.png');
  // A file where another image needs a folder.
  rename.run('0.png/2.png', '2.png');
  const gone = join(temporaryFolder(), 'gone.png');
  raw.prepare('UPDATE images SET link_path = ? WHERE name = ?').run(gone, '3.png');
  raw
    .prepare(
      "DELETE FROM image_bytes WHERE image_id = (SELECT id FROM images WHERE name = '3.png')",
    )
    .run();
  raw.close();
  const dir = join(temporaryFolder(), 'out');
  const { images, troubles, damaged } = await exportDataset(project, datasetId, {
    ...{ format: 'folder', dir },
  });
  expect(readdirSync(join(dir, 'images')).sort()).toEqual(['0.png', '4.png']);
  expect(images).toBe(2);
  expect(damaged).toEqual([]);
  const about = (words: RegExp) => troubles.filter((what) => words.test(what)).length;
  // Its original, and its mask.
  expect(about(/^(long)+\.png was left out: the name is too long\. Rename it/)).toBe(2);
  expect(about(/^0\.png\/2\.png was left out: there is a file in the place of a folder/)).toBe(1);
  expect(about(/^3\.png was left out: Image 3\.png is a link, and .*gone\.png/)).toBe(1);
  expect(troubles).toHaveLength(4);
});

it('a name is written that is as long as a name may be', async () => {
  const path = join(temporaryFolder(), 'x'.repeat(255));
  await writeWhole(path, 'whole');
  expect(readFileSync(path, 'utf8')).toBe('whole');
});

it('labels whose value is no class are named, whatever the format makes of them', async () => {
  const project = temporaryProject();
  const datasetId = addDataset(project, 'cells', { count: 3 });
  const [image] = project.datasets.images(datasetId);
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 7]) });
  project.labelMaps.add({ imageId: image?.id ?? 0, author: 'imported', bytes });
  for (const format of EXPORT_FORMATS) {
    const dir = join(temporaryFolder(), 'out');
    const { troubles } = await exportDataset(project, datasetId, { format, dir });
    expect(troubles).toEqual([
      expect.stringMatching(
        /^The labels of 0\.png hold the value 7, which is no class of "cells".*Add the class/,
      ),
    ]);
  }
});

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
