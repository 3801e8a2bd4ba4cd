/** Lists and JSON that are made to fill the memory, or to say more than anybody reads. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCocoEntries } from '../../../../engine/data/import/coco-entries.ts';
import { paintForeign, readJson } from '../../../../engine/data/import/foreign-json.ts';
import { paintShapes } from '../../../../engine/data/import/paint-shapes.ts';
import { readLines } from '../../../../engine/data/import/text-file.ts';
import { diskReader } from '../../../../engine/data/files.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';

function written(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

it('a list of more than 16 MiB is refused by name, and one in UTF-16 is read', async () => {
  const path = written('class_names.txt', '\uFEFFcell\r\nnucleus');
  expect(await readLines(path, diskReader)).toEqual(['cell', 'nucleus']);
  writeFileSync(path, Buffer.from('\uFEFFcell\nnucleus', 'utf16le'));
  expect(await readLines(path, diskReader)).toEqual(['cell', 'nucleus']);
  truncateSync(path, 2 ** 24 + 1);
  await expect(readLines(path, diskReader)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/class_names\.txt has 17 MB; a list may have 16 MiB/) as string,
  });
});

it('deep and broken JSON is refused by name', async () => {
  const deep = written('deep.json', '['.repeat(3_000_000));
  await expect(readJson(deep, diskReader, 'COCO')).rejects.toMatchObject({
    code: 'unreadable',
    message: expect.stringContaining(deep) as string,
  });
});

it('lists of nothing cost the engine nothing', async () => {
  const count = 3_000_000;
  const empty = `[${'0,'.repeat(count)}0]`;
  const path = written('many.json', `{"images":[],"annotations":${empty},"categories":[]}`);
  const before = process.memoryUsage().rss;
  const { annotations, issues } = await readJson(path, diskReader, 'COCO');
  expect(annotations.usable).toEqual([]);
  expect(issues).toHaveLength(10_001);
  expect(issues.at(-1)?.message).toMatch(/^2990001 more entries are not used/);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
});

it('of an image, a thousand annotations are named and the others counted', () => {
  const annotations = Array.from({ length: 200_000 }, (_, i) => ({
    ...{ where: String(i), classIndex: 1, crowd: false, outline: [[1, 2]], object: null },
  }));
  const { issues } = paintShapes(annotations, { size: [4, 4], beneath: new Set(), blank: 0 });
  expect(issues).toHaveLength(1001);
  expect(issues.at(-1)?.message).toBe('199000 more of its annotations are not used as they stand');
});

it('what is painted elsewhere is what is painted here', async () => {
  const annotations = [
    { where: '1', classIndex: 1, crowd: false, outline: [[1, 1, 5, 1, 5, 5, 1, 5]], object: null },
    {
      where: '2',
      classIndex: 2,
      crowd: true,
      outline: { size: [8, 8], counts: [60, 4] },
      object: null,
    },
  ] as const;
  const ground = { size: [8, 8] as const, beneath: new Set([3]), blank: 0 };
  const report = paintShapes(annotations, ground);
  expect(await paintForeign(annotations, { ...ground, path: 'a.json' })).toEqual(report);
});

it('an entry is read whatever stands beside it', () => {
  const content = readCocoEntries({ images: [null, {}], annotations: [[]], categories: ['a'] });
  expect(content).toMatchObject({ images: [], categories: [], hasBackground: true });
  expect(content.issues).toHaveLength(4);
});
