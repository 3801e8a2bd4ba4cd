/** Labels of other tools as these write them, and as nobody should: what is read, what is named, what becomes of the rest. */
import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { encodeNpy } from '../../../../engine/data/npy.ts';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import { runImport } from '../../../../engine/data/import/import.ts';
import { objectsOf } from '../../../../engine/data/objects-of.ts';
import type { ImportFormat } from '../../../../shared/api.ts';
import { type Scratch, scratch } from './scratch.ts';

const picture = (width: number, height: number, value = 1) =>
  encode({ width, height, data: new Uint8Array(width * height).fill(value), channels: 1 });

/** Rows of the label map of the first image, # for ignored, and of its objects; what was said of what. */
async function brought(s: Scratch, path = 'data', format: ImportFormat = 'auto') {
  const source = { format, path: s.path(path), imagesDir: null };
  const report = await runImport(s.project, source, { datasetName: path, link: false });
  const rows = s.project.datasets.images(report.datasetId).map(({ name, labelMapId, widthPx }) => {
    const inRows = (values: Iterable<number>) =>
      Array.from(values, (v) => (v === 255 ? '#' : String(v)))
        .join('')
        .match(new RegExp(`.{${widthPx}}`, 'g'));
    if (labelMapId === null) return [name, null, null] as const;
    const { objects } = objectsOf(s.project, labelMapId);
    return [name, inRows(readLabelMap(s.project, labelMapId).data), inRows(objects.data)] as const;
  });
  const dataset = s.project.datasets.get(report.datasetId);
  return {
    rows,
    classes: dataset?.classes.map(({ name }) => name),
    format: dataset?.origin['format'],
    told: report.issues
      .filter(({ severity }) => severity !== 'info')
      .map((issue) => `${issue.path}: ${issue.message}`),
    report,
  };
}

const shape = (label: string, points: unknown, rest: object = {}) => ({
  ...{ label, points, group_id: null, shape_type: 'polygon', flags: {}, description: '' },
  ...rest,
});
const labelme = (imagePath: string, shapes: readonly unknown[]) =>
  JSON.stringify({ version: '5.5.0', shapes, imagePath, imageData: null });

describe('what several tools write otherwise', () => {
  const square = [
    [0, 0],
    [2, 0],
    [2, 2],
    [0, 2],
  ];

  it('labels that look alike are one class, in either Unicode form, and numbers are names as well', async () => {
    const s = scratch();
    s.write('data/a.png', picture(4, 2));
    const beside = square.map(([x = 0, y = 0]) => [x + 2, y]);
    s.write(
      'data/a.json',
      labelme('a.png', [shape('Z\u00f6ll', square), shape('Zo\u0308ll', beside)]),
    );
    s.write('numbers/a.png', picture(4, 2));
    const numbered = { ...shape('', square), label: 5 };
    s.write('numbers/a.json', labelme('a.png', [numbered, shape('5', beside)]));
    const { rows, classes } = await brought(s);
    expect(rows).toEqual([['a.png', ['1111', '1111'], ['1122', '1122']]]);
    expect(classes).toEqual(['background', 'Z\u00f6ll']);
    expect((await brought(s, 'numbers')).classes).toEqual(['background', '5']);
  });

  it('a mask of labelme with a bit a pixel', async () => {
    const s = scratch();
    s.write('data/a.png', picture(4, 2));
    // Pillow 12: a picture of mode "1", 3 × 2 px, rows 101 and 010.
    const mask =
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNYwOAAAAIkAOFz6zvyAAAAAElFTkSuQmCC';
    const corners = [
      [1, 0],
      [4, 2],
    ];
    s.write(
      'data/a.json',
      labelme('a.png', [shape('cell', corners, { shape_type: 'mask', mask })]),
    );
    expect((await brought(s)).rows).toEqual([['a.png', ['0101', '0010'], ['0101', '0010']]]);
  });

  it('YOLO: a broken text among others is one of them, and corners in pixels are said to be that', async () => {
    const s = scratch();
    for (const name of ['a', 'b', 'c']) s.write(`data/${name}.png`, picture(4, 4));
    s.write('data/a.txt', '0 nan 0 0.5 0 0.5 0.5\n0 0 0 0.5 0 0.5 0.5 0 0.5\n');
    s.write('data/b.txt', '0 0 0 1 0 1 0.5 0 0.5\n');
    s.write('data/c.txt', '0 2 3 4 3 4 4 2 4\n');
    const { rows, format, told } = await brought(s);
    expect(format).toBe('yolo');
    expect(rows.map(([name, map]) => [name, map])).toEqual([
      ['a.png', ['1100', '1100', '0000', '0000']],
      ['b.png', ['1111', '1111', '0000', '0000']],
      ['c.png', null],
    ]);
    expect(told).toEqual([
      'a.txt: line 1: it has corners that are not numbers',
      'c.txt: line 1: it lies outside the image: YOLO has corners in shares of width and height (0 … 1), and these may be pixels',
      'c.png: its only annotation could not be used: it is imported unlabelled',
    ]);
  });
});

describe('outlines of slices', () => {
  const stack = encodeNpy({ shape: [3, 2, 6], data: new Uint8Array(36) });

  /** A rectangle of ImageJ from (0, 0) on; `position`: of the page, from 1; `slice`, `frame`: of a hyperstack. */
  function rectangle(width: number, at: { position?: number; slice?: number; frame?: number }) {
    const out = Buffer.alloc(64 + 64);
    out.write('Iout', 0, 'latin1');
    out.writeInt16BE(228, 4);
    out[6] = 1;
    [0, 0, 1, width].forEach((side, i) => out.writeInt16BE(side, 8 + 2 * i));
    out.writeInt32BE(at.position ?? 0, 56);
    out.writeInt32BE(64, 60);
    [at.slice ?? 0, at.frame ?? 0].forEach((n, i) => out.writeInt32BE(n, 64 + 8 + 4 * i));
    return out;
  }

  it('ROIs of ImageJ go to the page or slice that they were drawn in', async () => {
    const s = scratch();
    s.write('data/a.npy', stack);
    const rois = {
      'first-1.roi': rectangle(1, {}),
      'page-2.roi': rectangle(2, { position: 3 }),
      'slice-3.roi': rectangle(3, { slice: 2, frame: 1 }),
      'beyond-4.roi': rectangle(4, { position: 9 }),
      'both-5.roi': rectangle(5, { slice: 2, frame: 2 }),
    };
    s.write('data/a.zip', zipSync(rois));
    const { rows, told } = await brought(s);
    expect(rows.map(([, map]) => map)).toEqual([
      ['300000', '000000'],
      ['555000', '000000'],
      ['440000', '000000'],
    ]);
    expect(told).toEqual([
      'a.zip: ROI beyond-4: it lies in page 9, and the file has 3 images',
      'a.zip: ROI both-5: it lies in another plane (z 1, t 1) than can be told: the file has 3 images, in one order',
    ]);
  });

  it('ROIs of a slice count for a picture alone', async () => {
    const s = scratch();
    s.write('data/a.png', picture(6, 2));
    s.write('data/a.zip', zipSync({ 'x-1.roi': rectangle(2, { slice: 4, frame: 2 }) }));
    expect((await brought(s)).rows.map(([, map]) => map)).toEqual([['110000', '000000']]);
  });

  it('objects of QuPath go to their plane, and a slice without any stays unlabelled', async () => {
    const s = scratch();
    s.write('data/a.npy', stack);
    const feature = (width: number, plane: object) => ({
      type: 'Feature',
      geometry: {
        ...{ type: 'Polygon', plane },
        coordinates: [
          [
            [0, 0],
            [width, 0],
            [width, 1],
            [0, 1],
          ],
        ],
      },
      properties: { classification: { name: 'cell' } },
    });
    const features = [feature(2, { c: -1, z: 1, t: 0 }), feature(3, { c: -1, z: 0, t: 2 })];
    s.write('data/a.geojson', JSON.stringify({ type: 'FeatureCollection', features }));
    const { rows } = await brought(s);
    expect(rows.map(([, map]) => map)).toEqual([null, ['110000', '000000'], ['111000', '000000']]);
  });
});

describe('labelme', () => {
  it('a file that holds its picture itself is named, with what to do', async () => {
    const s = scratch();
    const outline = shape('cell', [
      [0, 0],
      [2, 0],
      [2, 2],
    ]);
    const held = (imageData: string | null) =>
      JSON.stringify({ version: '5.5.0', shapes: [outline], imagePath: 'lost.png', imageData });
    s.write('data/a.png', picture(4, 2));
    s.write('data/a.json', labelme('a.png', [outline]));
    s.write('data/held.json', held(Buffer.from(picture(4, 2)).toString('base64')));
    s.write('data/bare.json', held(null));
    const { rows, told } = await brought(s);
    expect(rows).toHaveLength(1);
    const lost =
      'its image lost.png is not found: its labels are not used. Say where the images lie: --images DIR';
    expect(told).toEqual([
      `bare.json: ${lost}`,
      `held.json: ${lost}. The file holds a picture itself (imageData), which Graft does not read: save it as an image of the same name beside the file`,
    ]);
  });

  it('polygons, rectangles, circles and masks; groups are objects; points are named', async () => {
    const s = scratch();
    s.write('data/a.png', picture(6, 4));
    const mask = Buffer.from(
      encode({ width: 2, height: 1, data: Uint8Array.of(1, 0), channels: 1 }),
    ).toString('base64');
    s.write(
      'data/a.json',
      labelme('..\\elsewhere\\a.png', [
        shape(
          'cell',
          [
            [0, 0],
            [2, 0],
            [2, 1],
            [0, 1],
          ],
          { group_id: 4 },
        ),
        shape(
          'cell',
          [
            [0, 2],
            [1, 2],
            [1, 3],
            [0, 3],
          ],
          { group_id: 4 },
        ),
        shape(
          'cell',
          [
            [2, 0],
            [4, 1],
          ],
          { shape_type: 'rectangle' },
        ),
        shape(
          'dot',
          [
            [4.5, 2.5],
            [5, 2.5],
          ],
          { shape_type: 'circle' },
        ),
        shape(
          'dot',
          [
            [4, 3],
            [5, 3],
          ],
          { shape_type: 'mask', mask },
        ),
        shape('dot', [[1, 1]], { shape_type: 'point' }),
        shape('__ignore__', [
          [5, 0],
          [6, 0],
          [6, 1],
          [5, 1],
        ]),
      ]),
    );
    const { rows, classes, told, format } = await brought(s);
    expect(format).toBe('labelme');
    expect(classes).toEqual(['background', 'cell', 'dot']);
    expect(rows).toEqual([
      ['a.png', ['11110#', '000000', '100020', '000020'], ['112200', '000000', '100030', '000040']],
    ]);
    expect(told).toEqual(['a.json: shape 6 (dot): it is a point, which has no area']);
  });

  it('faulty shapes cost themselves, a broken file its image, and each is named', async () => {
    const s = scratch();
    for (const name of ['a', 'b', 'c']) s.write(`data/${name}.png`, picture(4, 4));
    s.write(
      'data/a.json',
      labelme('a.png', [
        shape('cell', [
          [0, 0],
          [1, 1],
        ]),
        shape('cell', [
          [0, 0],
          [4, 4],
          [4, 0],
          [0, 4],
        ]),
        shape('cell', [
          [9, 9],
          [12, 9],
          [12, 12],
        ]),
        shape('', [
          [0, 0],
          [1, 0],
          [1, 1],
        ]),
        shape('cell', [
          [0, 3],
          [9, 3],
          [9, 4],
          [0, 4],
        ]),
        'no shape',
      ]).replace('"label":""', '"__proto__":{"label":"cell"},"label":""'),
    );
    s.write(
      'data/b.json',
      '{"shapes":[{"label":"cell","points":[[NaN,0],[1,0],[1,1]]}],"imagePath":"b.png"}',
    );
    s.write('data/c.json', '{"shapes":[');
    const { rows, told } = await brought(s);
    expect(rows.map(([name, labels]) => [name, labels])).toEqual([
      ['a.png', ['0001', '1011', '1011', '1111']],
      ['b.png', null],
      ['c.png', null],
    ]);
    expect(told).toEqual([
      'a.json: shape 4: its field __proto__ is left out',
      'a.json: shape 4: it has no label',
      'a.json: shape 6: it has no label',
      'c.json: is cut off: its JSON ends early, in line 1. Export it again from its source.',
      'a.png: shape 1 (cell): it has 2 points; an outline needs three or more',
      'a.png: shape 2 (cell): its outline crosses itself: what it goes round twice is outside (even-odd)',
      'a.png: shape 3 (cell): it covers no pixel of the image',
      'a.png: shape 5 (cell): it reaches 5 px out of the image, and is cut off there',
      'a.png: 1 px where objects overlap went to the later one',
      'b.png: shape 1 (cell): it has corners that are not numbers',
      'b.png: its only annotation could not be used: it is imported unlabelled',
      'c.png: its only annotation could not be used: it is imported unlabelled',
    ]);
  });
});

const cvat = (inside: string, before = '') => `<?xml version="1.0" encoding="utf-8"?>
${before}<annotations><version>1.1</version>
<meta><task><labels><label><name>cell</name><color>#FF0000</color></label><label><name>dot</name></label></labels></task></meta>
${inside}
</annotations>`;

describe('CVAT', () => {
  it('of XML in one line, shapes are named by their columns', async () => {
    const s = scratch();
    s.write('data/images/a.png', picture(6, 4));
    const polygon = (points: string) => `<polygon label="cell" points="${points}"/>`;
    const [bad, good] = [polygon('0,0;1,1'), polygon('0,0;6,0;6,4')];
    const image = `<image id="0" name="a.png" width="6" height="4">${bad}${good}${bad}</image>`;
    s.write('data/annotations.xml', `<annotations>${image}</annotations>`);
    const { told } = await brought(s);
    const why = 'a polygon has 4 numbers; it needs x, y three times or more';
    const column = `<annotations>${image}`.lastIndexOf(bad) + bad.length;
    expect(told).toEqual([
      `images/a.png: image 0, polygon in line 1: ${why}`,
      `images/a.png: image 0, polygon in line 1, column ${column}: ${why}`,
    ]);
  });

  it('polygons, boxes, ellipses and masks by their order; tags and lines are named', async () => {
    const s = scratch();
    s.write('data/images/a.png', picture(6, 4));
    s.write(
      'data/annotations.xml',
      cvat(`<image id="0" name="sub/a.png" width="6" height="4">
        <box label="cell" xtl="0" ytl="0" xbr="3" ybr="2" z_order="1"/>
        <polygon label="dot" points="2,0;6,0;6,2;2,2" z_order="0"/>
        <mask label="dot" rle="1, 1, 1, 1" left="0" top="2" width="2" height="2" z_order="0"></mask>
        <ellipse label="cell" cx="4" cy="3" rx="1" ry="1"/>
        <polyline label="cell" points="0,0;1,1"/>
      </image><image id="1" name="gone.png" width="6" height="4"/>`),
    );
    const { rows, classes, told, format, report } = await brought(s);
    expect(format).toBe('cvat');
    expect(classes).toEqual(['background', 'cell', 'dot']);
    expect(s.project.datasets.get(report.datasetId)?.classes[1]?.color).toBe('#ff0000');
    expect(rows).toEqual([
      ['a.png', ['111222', '111222', '020110', '020110'], ['444111', '444111', '020330', '020330']],
    ]);
    expect(told).toEqual([
      'annotations.xml: image 0, polyline in line 9: a polyline has no area',
      'annotations.xml: image 1: its image gone.png is not found: its labels are not used. Say where the images lie: --images DIR',
      'images/a.png: 2 px where objects overlap went to the later one',
    ]);
  });

  it('entities and document types are not read, what is too deep is left out, the rest is kept', async () => {
    const s = scratch();
    s.write('data/a.png', picture(2, 1));
    const deep = 10_000;
    s.write(
      'data/a.xml',
      cvat(
        `<image id="0" name="a.png" width="2" height="1">
          <polygon label="&x;" points="0,0;1,0"/>
          <box label="cell" xtl="0" ytl="0" xbr="1" ybr="1"/></image>${'<a>'.repeat(deep)}${'</a>'.repeat(deep)}`,
        '<!DOCTYPE annotations [<!ENTITY x "&y;&y;"><!ENTITY y SYSTEM "file:///etc/passwd">]>\n',
      ),
    );
    const { rows, told } = await brought(s, 'data', 'cvat');
    expect(rows).toEqual([['a.png', ['10'], ['20']]]);
    expect(told).toEqual([
      'a.xml: line 2: its document type is not read, nor what it defines',
      'a.xml: line 6: an entity that XML does not have is not resolved',
      'a.xml: elements: 9969 elements lie more than 32 deep within one another: left out',
      'a.png: image 0, polygon in line 6: a polygon has 4 numbers; it needs x, y three times or more',
    ]);
  });

  const box = '<box label="cell" xtl="0" ytl="0" xbr="1" ybr="1"/>';
  const told = (name: string, id: number) =>
    `<image id="${id}" name="${name}.png" width="2" height="1">\n${box}\n</image>\n`;
  const two = told('a', 0) + told('b', 1);
  it.each([
    ['between two images', two, 'unclosed tag: annotations', null],
    ['within an element', `${two}<ima`, 'unclosed tag: annotations', null],
    ['within an image', two + told('c', 2).slice(0, -12), 'unclosed tag: image', 2],
    ['by a fault', `${two}<image id=2"/>`, 'unquoted attribute value.', null],
  ])('a file that ends early, %s, keeps what it tells of whole', async (_, inside, why, within) => {
    const s = scratch();
    for (const [i, name] of ['a', 'b', 'c'].entries())
      s.write(`data/${name}.png`, picture(2, 1, i));
    s.write('data/annotations.xml', `<annotations>\n${inside}`);
    const { rows, told: said } = await brought(s);
    const whole = [
      ['a.png', ['10'], ['10']],
      ['b.png', ['10'], ['10']],
    ];
    expect(rows).toEqual(within === null ? whole : [...whole, ['c.png', null, null]]);
    expect(said).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^annotations.xml: line \\d+: the file is no whole XML at line \\d+: ${why}.* 2 images stand whole before that, and what follows is lost: export it again$`,
        ),
      ),
    );
    expect(said.filter((one) => one.includes('c.png'))).toEqual(
      within === null
        ? []
        : [
            'annotations.xml: image 2: the file ends within c.png: it is left unlabelled',
            expect.stringContaining('imported unlabelled'),
          ],
    );
  });

  it.each([
    ['cut off', '<annotations><image name="a.png">', /is no whole XML at line 1: unclosed tag/],
    ['no annotations', '<annotation><size/></annotation>', /begins with <annotation> instead/],
    ['a video', '<annotations><track/></annotations>', /is CVAT for video/],
  ])('%s is refused by name', async (_, text, message) => {
    const s = scratch();
    s.write('data/a.png', picture(2, 1));
    s.write('data/a.xml', text);
    const { told, rows } = await brought(s, 'data/a.xml').catch((error: unknown) => ({
      told: [String(error)],
      rows: [],
    }));
    expect(told.join('\n')).toMatch(message);
    expect(rows).toEqual([]);
  });
});

it('Datumaro: masks, polygons and boxes in their order, crowds, groups, and entries that are none', async () => {
  const s = scratch();
  s.write('data/images/default/a.png', picture(4, 2));
  const items = [
    {
      id: 'a',
      annotations: [
        { id: 1, type: 'bbox', label_id: 1, bbox: [0, 0, 2, 1], z_order: 5, group: 0 },
        { id: 2, type: 'polygon', label_id: 0, points: [0, 0, 4, 0, 4, 1, 0, 1], group: 2 },
        { id: 3, type: 'mask', label_id: 0, rle: { size: [2, 4], counts: [1, 1, 6] }, group: 2 },
        {
          ...{ id: 4, type: 'mask', label_id: 0, attributes: { is_crowd: true } },
          rle: { size: [2, 4], counts: [7, 1] },
        },
        { id: 5, type: 'polygon', label_id: 7, points: [0, 0, 1, 0, 1, 1] },
        { id: 6, type: 'points', label_id: 0, points: [0, 0] },
      ],
      image: { path: 'a.png', size: [2, 4] },
    },
    { id: 'a', annotations: [], image: { path: 'b.png' } },
    { annotations: [] },
  ];
  const labels = [{ name: 'cell' }, { name: 'dot' }];
  const colormap = [{ label_id: 0, r: 1, g: 2, b: 3 }];
  const categories = { label: { labels }, mask: { colormap } };
  s.write('data/annotations/default.json', JSON.stringify({ info: {}, categories, items }));
  const { rows, told, format, report } = await brought(s);
  expect(format).toBe('datumaro');
  expect(s.project.datasets.get(report.datasetId)?.classes[1]).toMatchObject({ color: '#010203' });
  expect(rows).toEqual([['a.png', ['2211', '100#'], ['2211', '1000']]]);
  expect(told).toEqual([
    'annotations/default.json: item a, annotation 5: its label 7 is not listed',
    'annotations/default.json: item a, annotation 6: it is of the type points, which has no area',
    'annotations/default.json: item a: two items have this id: each is matched by its own path',
    'annotations/default.json: items[2]: it has neither an id nor a path: no image can be found for it',
    'annotations/default.json: item a: its image b.png is not found: its labels are not used. Say where the images lie: --images DIR',
    'images/default/a.png: 1 crowd annotation (iscrowd=1) became ignored pixels',
    'images/default/a.png: 2 px where objects overlap went to the later one',
  ]);
});

it('Datumaro: the box in the group of an outline is drawn around it, and fills nothing', async () => {
  const s = scratch();
  s.write('data/images/default/a.png', picture(4, 2));
  const annotations = [
    { id: 1, type: 'polygon', label_id: 0, group: 3, points: [0, 0, 2, 0, 2, 1, 0, 1] },
    { id: 2, type: 'bbox', label_id: 0, group: 3, bbox: [0, 0, 4, 2] },
    { id: 3, type: 'bbox', label_id: 0, group: 0, bbox: [3, 1, 1, 1] },
  ];
  const items = [{ id: 'a', annotations, image: { path: 'a.png', size: [2, 4] } }];
  const categories = { label: { labels: [{ name: 'cell' }] } };
  s.write('data/annotations/default.json', JSON.stringify({ info: {}, categories, items }));
  const { rows, told } = await brought(s);
  expect(rows).toEqual([['a.png', ['1100', '0001'], ['1100', '0002']]]);
  expect(told).toEqual([
    'annotations/default.json: item a, annotation 2: it is the box of the outline of its group: left out',
  ]);
});

it('QuPath: polygons with holes, classes by any name, planes and lines that are named', async () => {
  const s = scratch();
  s.write('data/a.png', picture(4, 4));
  const feature = (geometry: object, classification?: unknown, id = 'x') => ({
    ...{ type: 'Feature', id, geometry },
    properties: { objectType: 'detection', classification },
  });
  const ring = (x0: number, y0: number, x1: number, y1: number) => [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
    [x0, y0],
  ];
  s.write(
    'data/a.png.geojson',
    JSON.stringify([
      feature(
        { type: 'Polygon', coordinates: [ring(0, 0, 3, 3), ring(1, 1, 2, 2)] },
        { names: ['Tumor', 'Positive'], color: [9, 8, 7] },
      ),
      feature({ type: 'MultiPolygon', coordinates: [[ring(3, 3, 4, 4)], [ring(3, 0, 4, 1)]] }),
      feature({ type: 'Polygon', coordinates: [ring(0, 3, 1, 4)] }, { name: 'Ignore*' }, 'y'),
      feature(
        {
          type: 'LineString',
          coordinates: [
            [0, 0],
            [1, 1],
          ],
        },
        { name: 'Tumor' },
        'z',
      ),
      feature(
        { type: 'Polygon', coordinates: [ring(0, 0, 1, 1)], plane: { c: -1, z: 2, t: 0 } },
        { name: 'Tumor' },
        'w',
      ),
    ]),
  );
  const { rows, classes, told, format } = await brought(s);
  expect(format).toBe('qupath');
  expect(classes).toEqual(['background', 'Tumor', 'Tumor: Positive', 'unclassified']);
  expect(rows).toEqual([
    ['a.png', ['2223', '2020', '2220', '#003'], ['1112', '1010', '1110', '0002']],
  ]);
  expect(told).toEqual([
    'a.png.geojson: object 2 (x): an object before it has this id: both are kept',
    'a.png.geojson: object 4 (z): it is a LineString, which has no area',
    'a.png.geojson: objects: 1 of its objects has no class: it becomes the class "unclassified"',
    'a.png.geojson: object 5 (w): it lies in another plane (z 2, t 0) than the first',
  ]);
});

it('YOLO: numbers of classes as NumPy writes them', async () => {
  const s = scratch();
  s.write('data/a.png', picture(4, 1));
  const corners = ['0.5 0 1 0 1 1 0.5 1', '0 0 0.5 0 0.5 1 0 1'];
  s.write(
    'data/a.txt',
    `1.000000e+00 ${corners[0] ?? ''}\n0.0 ${corners[1] ?? ''}\n0.5 0 0 1 0 1 1\n`,
  );
  s.write('data/classes.txt', 'x\ny\n');
  const { rows, told } = await brought(s);
  expect(rows).toEqual([['a.png', ['1122'], ['2211']]]);
  expect(told).toEqual([
    'a.txt: line 3: it does not begin with the number of a class (0.5 0 0 1 0 1 1)',
  ]);
});

it('YOLO: outlines in shares, names from data.yaml, parts by folders; boxes and words are named', async () => {
  const s = scratch();
  s.write(
    'data/data.yaml',
    "train: images/train # here\nnc: 2\nnames:\n  0: cell\n  1: 'small dot'\n",
  );
  for (const part of ['train', 'val'])
    s.write(`data/images/${part}/a.png`, picture(4, 2, part.length));
  s.write('data/labels/train/a.txt', '0 0 0 .5 0 .5 1 0 1\n1 0.75 0 1 0 1 0.5 0.75 0.5 0.9\n');
  s.write(
    'data/labels/val/a.txt',
    '1 0.5 0.5 1 1\ncell 0 0 1 0 1 1\n0 0 0 nan 0 1 1\n7 0 0 1 0 1 1 0 1\n',
  );
  const { rows, classes, told, report } = await brought(s);
  expect(classes).toEqual(['background', 'cell', 'small dot', 'class 7']);
  expect(rows).toEqual([
    ['a.png', ['1102', '1100'], ['1102', '1100']],
    ['images-val-a.png', ['3333', '3333'], ['1111', '1111']],
  ]);
  expect(told).toEqual([
    'labels/val/a.txt: line 1: it is a box, which is no outline',
    'labels/val/a.txt: line 2: it does not begin with the number of a class (cell 0 0 1 0 1 1)',
    'labels/val/a.txt: line 3: it has corners that are not numbers',
    'labels/val/a.txt: line 4: its class 7 is not listed: it is called "class 7"',
    'images/val/a.png: another file is called a.png too; this one is imported as images-val-a.png',
  ]);
  expect(s.project.splits.list(report.datasetId)[0]?.counts).toEqual({ train: 1, val: 1, test: 0 });
});

it.each([
  ['in another case', 'ZELLÉ', 'zellé'],
  ['in another Unicode form', 'zellé'.normalize('NFD'), 'zellé'.normalize('NFC')],
])('labels whose names are written %s belong to their images', async (_, image, labels) => {
  const s = scratch();
  const square = [
    [0, 0],
    [2, 0],
    [2, 2],
    [0, 2],
  ];
  s.write(`yolo/images/${image}.png`, picture(4, 2));
  s.write(`yolo/labels/${labels}.txt`, '0 0 0 0.5 0 0.5 1 0 1\n');
  s.write(`labelme/${image}.png`, picture(4, 2));
  s.write(`labelme/${labels}.json`, labelme(`${labels}.png`, [shape('cell', square)]));
  for (const format of ['yolo', 'labelme']) {
    const found = await brought(s, format);
    expect([found.format, found.rows[0]?.[1], found.told]).toEqual([format, ['1100', '1100'], []]);
  }
});

it('images are looked for in the chosen folder alone, and nothing is guessed among several', async () => {
  const s = scratch();
  s.write('outside.png', picture(2, 1));
  s.write('data/x/a.png', picture(2, 1));
  s.write('data/y/a.png', picture(2, 1, 2));
  s.write('data/b.png', picture(2, 1, 3));
  const box = '<box label="cell" xtl="0" ytl="0" xbr="1" ybr="1"/></image>';
  s.write(
    'data/a.xml',
    cvat(
      `<image id="0" name="../outside.png">${box}<image id="1" name="a.png">${box}<image id="2" name="y/a.png">${box}<image id="3" name="/abs/b.png">${box}`,
    ),
  );
  const { rows, told } = await brought(s);
  expect(rows).toEqual([
    ['b.png', ['10'], ['10']],
    ['a.png', ['10'], ['10']],
  ]);
  expect(told.map((one) => one.replace(/: its labels are not used.*/, ''))).toEqual([
    'a.xml: image 0: its image ../outside.png is not found',
    'a.xml: image 1: 2 images would do: x/a.png, y/a.png. Give each a name of its own, or put each beside its labels',
  ]);
});

it('groups of two files that speak of one image are no one object', async () => {
  const s = scratch();
  s.write('data/a.png', picture(2, 1));
  const box = (x: number) =>
    `<image id="0" name="a.png"><box label="cell" xtl="${x}" ytl="0" xbr="${x + 1}" ybr="1" group_id="1"/></image>`;
  s.write('data/1.xml', cvat(box(0)));
  s.write('data/2.xml', cvat(box(1)));
  const { rows } = await brought(s);
  expect(rows).toEqual([['a.png', ['11'], ['12']]]);
});

it('COCO: each annotation is an object, touching ones too', async () => {
  const s = scratch();
  s.write('data/a.png', picture(4, 1));
  const of = { image_id: 1, category_id: 1, iscrowd: 0 };
  const annotations = [
    { id: 1, ...of, segmentation: { size: [1, 4], counts: [0, 2, 2] } },
    { id: 2, ...of, segmentation: { size: [1, 4], counts: [2, 2] } },
  ];
  const images = [{ id: 1, file_name: 'a.png', width: 4, height: 1 }];
  const json = { images, annotations, categories: [{ id: 1, name: 'cell' }] };
  s.write('data/instances.json', JSON.stringify(json));
  expect((await brought(s)).rows).toEqual([['a.png', ['1111'], ['1122']]]);
});
