/** Labels of tools whose own files are not read are called what they are, with what to do. */
import { expect, it } from 'vitest';
import { previewImport } from '../../../../engine/data/import/import.ts';
import { rgbPng, scratch } from './scratch.ts';

const AREA = { all_points_x: [0, 2, 2], all_points_y: [0, 0, 2] };

it.each<[string, string, string, RegExp]>([
  [
    'Label Studio',
    'export.json',
    JSON.stringify([{ id: 1, data: { image: 'a.png' }, annotations: [{ result: [] }] }]),
    /Label Studio's own JSON: export it from there as COCO/,
  ],
  [
    'Label Studio, in short',
    'min.json',
    JSON.stringify([{ image: 'a.png', label: [{ points: [[0, 0]], polygonlabels: ['x'] }] }]),
    /Label Studio's short JSON/,
  ],
  [
    'VIA',
    'via.json',
    JSON.stringify({ 'a.png1': { filename: 'a.png', size: 1, regions: [{ shape: AREA }] } }),
    /VGG Image Annotator: export it from there as COCO/,
  ],
  [
    'Supervisely',
    'ann/a.png.json',
    JSON.stringify({ size: { height: 2, width: 2 }, objects: [{ classTitle: 'x' }] }),
    /Supervisely's own JSON/,
  ],
  [
    'Pascal VOC',
    'Annotations/a.xml',
    '<annotation><object><bndbox/></object></annotation>',
    /boxes of Pascal VOC, which have no outlines/,
  ],
  [
    'ASAP',
    'a.xml',
    '<?xml version="1.0"?><ASAP_Annotations>',
    /ASAP's outlines: open them in QuPath/,
  ],
])('%s', async (_, file, content, message) => {
  const s = scratch();
  s.write('data/a.png', rgbPng(2, 2, 1));
  s.write(`data/${file}`, content);
  const { issues } = await previewImport({ format: 'auto', path: s.path('data') });
  const about = issues.filter(({ path }) => path === file);
  expect(about.map(({ severity }) => severity)).toEqual(['skip']);
  expect(about[0]?.message).toMatch(message);
});

it('several files of a folder are counted, and other JSON stays what is not used', async () => {
  const s = scratch();
  s.write('data/a.png', rgbPng(2, 2, 1));
  for (const name of ['a', 'b'])
    s.write(`data/ann/${name}.json`, JSON.stringify({ objects: [{ classTitle: 'x' }] }));
  s.write('data/settings.json', '{"theme": "dark"}');
  const { issues } = await previewImport({ format: 'auto', path: s.path('data') });
  expect(issues.map(({ path, message }) => `${path}: ${message}`)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^ann: 2 files not used: they are Supervisely's/),
      'settings.json: not used',
    ]),
  );
  expect(issues.filter(({ path }) => path === 'ann')).toHaveLength(1);
});

it.each<[string, string, RegExp]>([
  [
    'annotations.xml',
    '<annotations><image id="0" name="a.png" width="2" height="2"/></annotations>',
    /no images, but CVAT's XML for images \(annotations\.xml\)\. Say where the images lie: --images DIR/,
  ],
  [
    'a.json',
    JSON.stringify({ version: '5', shapes: [], imagePath: 'a.png', imageData: null }),
    /no images, but 1 JSON file of labelme\. Say where/,
  ],
  [
    'instances.json',
    JSON.stringify({ images: [{ id: 1, file_name: 'a.png' }], annotations: [], categories: [] }),
    /no images, but COCO annotations \(instances\.json\)\. Say where/,
  ],
  ['notes.json', '{}', /holds no images\. Name a folder with PNG/],
])(
  'labels without images are told, with where to say where these lie: %s',
  async (file, text, message) => {
    const s = scratch();
    s.write(`data/${file}`, text);
    await expect(previewImport({ format: 'auto', path: s.path('data') })).rejects.toThrow(message);
  },
);
