/** Labels that were made to do harm rather than to be read: whatever they hold, an answer in words and nothing else. */
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readCvat } from '../../../../engine/data/import/cvat.ts';
import { readImageJRois } from '../../../../engine/data/import/imagej-roi.ts';
import { runImport } from '../../../../engine/data/import/import.ts';
import { parseJsonText } from '../../../../engine/data/import/json-text.ts';
import { LabelmeFile, readLabelme } from '../../../../engine/data/import/labelme.ts';
import type { LabelContent } from '../../../../engine/data/import/shapes.ts';
import { greyPng, scratch } from './scratch.ts';

const DEPTH = 200_000;
const deep = '['.repeat(DEPTH) + ']'.repeat(DEPTH);

function labelme(text: string): LabelContent {
  const parsed = parseJsonText(text);
  if (!parsed.ok) throw new Error(`no JSON in line ${parsed.fault.line}`);
  return readLabelme(LabelmeFile.parse(parsed.value));
}

const cvat = (doctype: string, label: string) =>
  readCvat(
    `<?xml version="1.0"?>${doctype}<annotations><version>1.1</version><image id="0" name="a.png" width="4" height="4"><box label="${label}" xtl="0" ytl="0" xbr="2" ybr="2"/></image></annotations>`,
    'annotations.xml',
  );

const laughs = Array.from(
  { length: 10 },
  (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
).join('');

/** All that is told of it, with the labels that it gives. */
function told(read: () => LabelContent): string {
  try {
    const { images, issues } = read();
    const labels = images.flatMap(({ shapes }) => shapes.map(({ label }) => label));
    return [...issues.map(({ message }) => message), ...labels].join('\n');
  } catch (error) {
    return String(error);
  }
}

describe('labels that were made to do harm', () => {
  it.each([
    ['a file 200,000 lists deep', () => labelme(deep), /expected object/],
    [
      'fields of every object there is',
      () =>
        labelme(
          '{"__proto__":{"harm":1},"constructor":{"prototype":{"harm":1}},"shapes":[{"__proto__":{"harm":1},"label":"__proto__","points":[[0,0],[4,0],[4,4]]}]}',
        ),
      /__proto__/,
    ],
    [
      'an entity that is a file',
      () => cvat('<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>', '&f;'),
      /document type is not read[^]*entity[^]*&f;/,
    ],
    [
      'entities of ten entities of ten entities',
      () => cvat(`<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]>`, '&l10;'),
      /document type is not read[^]*entity[^]*&l10;/,
    ],
    [
      'entries that climb out of their zip',
      () => readImageJRois(zipSync({ '../../a.roi': new Uint8Array(64) })),
      /leads out of the archive/,
    ],
    [
      'a zip of 32 MB of nothing',
      () => readImageJRois(zipSync({ 'a.roi': new Uint8Array(2 ** 25) }, { level: 1 })),
      /claims more than it can hold/,
    ],
  ])('%s', (_, read, words) => {
    const before = process.memoryUsage().rss;
    const found = told(read);
    expect(found).toMatch(words);
    expect(found).not.toContain('root:');
    expect(found.length).toBeLessThan(5000);
    expect(({} as Record<string, unknown>)['harm']).toBeUndefined();
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
  });

  it('points 200,000 lists deep are left out of an import, and what stands beside them is not', async () => {
    const s = scratch();
    for (const name of ['a', 'b']) s.write(`data/${name}.png`, greyPng(4, 4, 1));
    const square = '{"label":"cell","points":[[0,0],[4,0],[4,4],[0,4]]}';
    const file = (image: string, shapes: string) =>
      `{"imagePath":"${image}","imageWidth":4,"imageHeight":4,"shapes":[${shapes}]}`;
    s.write('data/a.json', file('a.png', `{"label":"cell","points":${deep}},${square}`));
    s.write('data/b.json', file('b.png', square));
    const source = { format: 'auto', path: s.path('data'), imagesDir: null } as const;
    const { datasetId, issues } = await runImport(s.project, source, {
      ...{ datasetName: 'data', link: false },
    });
    expect(s.project.datasets.get(datasetId)?.imageCount).toBe(2);
    expect(issues).toContainEqual({
      ...{ path: 'a.png', severity: 'skip' },
      message: 'shape 1 (cell): it has 1 point; an outline needs three or more',
    });
    const labelled = s.project.datasets.images(datasetId).map(({ labelMapId }) => labelMapId);
    expect(labelled).not.toContain(null);
  });
});
