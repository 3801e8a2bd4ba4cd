import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { runImport } from '../../../../engine/data/import/import.ts';
import { greyPng, scratch } from './scratch.ts';
import { readImageJRois } from '../../../../engine/data/import/imagej-roi.ts';

interface Roi {
  readonly type: number;
  /** top, left, bottom, right */
  readonly box?: readonly number[];
  readonly corners?: readonly (readonly [number, number])[];
  readonly subPixel?: boolean;
  readonly path?: readonly number[];
}

/** As ij/io/RoiEncoder writes it, without what has no area. */
function roi({ type, box = [0, 0, 0, 0], corners = [], subPixel = false, path = [] }: Roi): Buffer {
  const out = Buffer.alloc(64 + (subPixel ? 12 : 4) * corners.length + 4 * path.length);
  out.write('Iout', 0, 'latin1');
  out.writeInt16BE(227, 4);
  out[6] = type;
  box.forEach((side, i) => out.writeInt16BE(side, 8 + 2 * i));
  out.writeUInt16BE(corners.length, 16);
  if (subPixel) out.writeUInt16BE(128, 50);
  out.writeInt32BE(path.length, 36);
  corners.forEach(([x, y], i) => {
    out.writeInt16BE(Math.floor(x), 64 + 2 * i);
    out.writeInt16BE(Math.floor(y), 64 + 2 * (corners.length + i));
    if (!subPixel) return;
    out.writeFloatBE(x, 64 + 4 * (corners.length + i));
    out.writeFloatBE(y, 64 + 4 * (2 * corners.length + i));
  });
  path.forEach((value, i) => out.writeFloatBE(value, 64 + 4 * i));
  return out;
}

const shapesOf = (bytes: Uint8Array) => {
  const { images, issues } = readImageJRois(bytes);
  const { shapes = [], unusable = 0 } = images[0] ?? {};
  const rings = shapes.map(({ outline }) => ('rings' in outline ? outline.rings : []));
  return { rings, labels: shapes.map(({ label }) => label), issues, unusable };
};

describe('ROIs of ImageJ', () => {
  const triangle = [
    [0, 0],
    [4, 0],
    [0, 3],
  ] as const;

  it('what Finder, Explorer and others leave in an archive is no ROI, and no fault', () => {
    const own = roi({ type: 7, box: [0, 0, 3, 4], corners: triangle });
    const archive = zipSync({
      'cell-0001.roi': own,
      '__MACOSX/._cell-0001.roi': strToU8('\0\u0005\u0016\u0007'),
      '._cell-0001.roi': strToU8('\0\u0005\u0016\u0007'),
      ...{ '.DS_Store': own, 'Thumbs.db': own, 'more\\desktop.ini': own },
    });
    expect(shapesOf(archive)).toMatchObject({ labels: ['cell'], issues: [], unusable: 0 });
    const others = zipSync({ 'cell-0001.roi': own, 'read me.txt': own });
    expect(shapesOf(others).issues).toMatchObject([{ where: 'read me.txt' }]);
  });

  it('whole corners count from the rectangle of the ROI, fractions from the image', () => {
    const box = [10, 20, 13, 24];
    expect(shapesOf(roi({ type: 7, box, corners: triangle })).rings).toEqual([
      [[20, 10, 24, 10, 20, 13]],
    ]);
    const corners = [
      [20.25, 10.5],
      [24.5, 10.5],
      [20.5, 13.75],
    ] as const;
    expect(shapesOf(roi({ type: 0, box, corners, subPixel: true })).rings).toEqual([
      [[20.25, 10.5, 24.5, 10.5, 20.5, 13.75]],
    ]);
  });

  it('rectangles, ovals and composites', () => {
    const box = [1, 2, 5, 8];
    expect(shapesOf(roi({ type: 1, box })).rings).toEqual([[[2, 1, 8, 1, 8, 5, 2, 5]]]);
    const [oval = []] = shapesOf(roi({ type: 2, box })).rings[0] ?? [];
    expect(Math.max(...oval.filter((_, i) => i % 2 === 0))).toBeCloseTo(8, 3);
    expect(Math.min(...oval.filter((_, i) => i % 2 === 1))).toBeCloseTo(1, 3);
    const ring = (a: number, b: number) => [0, a, a, 1, b, a, 1, b, b, 1, a, b, 4];
    expect(shapesOf(roi({ type: 1, path: [...ring(0, 9), ...ring(3, 6)] })).rings).toEqual([
      [
        [0, 0, 9, 0, 9, 9, 0, 9],
        [3, 3, 6, 3, 6, 6, 3, 6],
      ],
    ]);
  });

  it('classes by name; what has no area, climbs out or is damaged is named, and the rest is read', () => {
    const good = roi({ type: 8, corners: triangle });
    const found = shapesOf(
      zipSync({
        'nucleus-0001.roi': good,
        'cell 3-0002.roi': good,
        '0012-0345.roi': good,
        'line.roi': roi({ type: 3 }),
        'cut.roi': good.subarray(0, 70),
        '../../etc/out.roi': good,
        '/root.roi': good,
        'C:\\\\x.roi': good,
        'readme.txt': strToU8('x'),
      }),
    );
    expect(found.labels).toEqual(['nucleus', 'cell 3', 'ROI']);
    expect(found.unusable).toBe(2);
    expect(found.issues.map(({ where, message }) => `${where}: ${message}`)).toEqual([
      '../../etc/out.roi: its name leads out of the archive: left out',
      '/root.roi: its name leads out of the archive: left out',
      'C:\\\\x.roi: its name leads out of the archive: left out',
      'readme.txt: it is no ROI: left out',
      'ROI line: it is a line, which has no area',
      'ROI cut: its 3 corners are cut off',
    ]);
  });

  it('an archive that claims gigabytes is not unpacked', () => {
    const file = Buffer.from(zipSync({ 'a-1.roi': roi({ type: 1, box: [0, 0, 1, 1] }) }));
    const directory = file.lastIndexOf('PK\u0001\u0002', undefined, 'latin1');
    file.writeUInt32LE(2 ** 31 - 1, directory + 24);
    expect(() => readImageJRois(file)).toThrow(/claims more than it can hold/);
  });

  it('belong to images that lie elsewhere, too', async () => {
    const s = scratch();
    s.write('pictures/a.png', greyPng(8, 8, 3));
    s.write('rois/a.roi', roi({ type: 1, box: [0, 0, 2, 4] }));
    const source = { format: 'auto', path: s.path('rois'), imagesDir: s.path('pictures') } as const;
    const { labelled } = await runImport(s.project, source, { datasetName: 'd', link: false });
    expect(labelled).toBe(1);
  });
});
