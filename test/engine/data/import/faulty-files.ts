/**
 * Every format that labels come in, each with everything that can be wrong with it in one folder: a picture a fault, on which
 * something good lies as well, so that one sees what the fault cost.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { encodeNifti } from '../../../../engine/data/nifti.ts';
import { encodeNpy } from '../../../../engine/data/npy.ts';
import { encodeTiff } from '../../../../engine/data/encode-tiff.ts';
import type { ImportFormat } from '../../../../shared/api.ts';
import { writeTiff } from '../tiff-writer.ts';
import { greyPng, indexPng, rgbPng } from './scratch.ts';

/** Side of a picture, in pixels. */
const SIDE = 8;
/** Of an instance mask with more objects than 16 bits number. */
export const MANY = { side: 265, objects: 70_000 } as const;

type Ring = readonly (readonly [number | string, number])[];
/** Covers the first nine pixels of a corner. */
const GOOD: Ring = [
  [0, 0],
  [3, 0],
  [3, 3],
  [0, 3],
];
/** And this the last sixteen. */
const OTHER: Ring = [
  [4, 4],
  [8, 4],
  [8, 8],
  [4, 8],
];
/** What an outline of any format can be, by the picture that it is on. NaN as Python writes it. */
const RINGS: Readonly<Record<string, Ring>> = {
  few: [
    [4, 4],
    [6, 6],
  ],
  cross: [
    [4, 4],
    [8, 8],
    [8, 4],
    [4, 8],
  ],
  away: [
    [20, 20],
    [25, 20],
    [25, 25],
  ],
  nan: [
    ['NaN', 4],
    [8, 4],
    [8, 8],
  ],
};

/** Files of one format. */
export interface FaultyFolder {
  readonly format: Exclude<ImportFormat, 'auto'>;
  /** By path. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

/** A file of each picture; every one is another, so that none is the same as another byte for byte. */
const pictures = (stems: readonly string[], folder = ''): Record<string, Uint8Array> =>
  Object.fromEntries(
    stems.map((stem, i) => [`${folder}${stem}.png`, greyPng(SIDE, SIDE, 10 + i)] as const),
  );

const json = (value: unknown): string => JSON.stringify(value).replaceAll('"NaN"', 'NaN');
/** `__proto__` as a field that a file has, which no literal can. */
const withProto = (text: string, before: string): string =>
  text.replace(before, `"__proto__":{"label":"cell"},${before}`);
const all = (extra: Readonly<Record<string, Ring>> = {}) => ({ ...RINGS, ...extra });

function coco(): FaultyFolder {
  const rings = all({ twice: OTHER, proto: OTHER });
  const stems = Object.keys(rings);
  const of = { category_id: 1, iscrowd: 0 };
  const annotations = Object.values(rings).flatMap((ring, i) => [
    { id: 2 * i + 1, image_id: i + 1, ...of, segmentation: [GOOD.flat()] },
    {
      // The last but one has the id of the one before.
      id: stems[i] === 'twice' ? 2 * i + 1 : 2 * i + 2,
      ...{ image_id: i + 1, ...of, segmentation: [ring.flat()] },
    },
  ]);
  const images = stems.map((stem, i) => ({
    ...{ id: i + 1, file_name: `${stem}.png`, width: SIDE, height: SIDE },
  }));
  const text = json({ images, annotations, categories: [{ id: 1, name: 'cell' }] });
  const last = `"id":${annotations.length},`;
  return {
    format: 'coco',
    files: { ...pictures(stems), 'instances.json': withProto(text, last) },
  };
}

function labelme(): FaultyFolder {
  const rings = all({ proto: OTHER });
  const shape = (points: Ring) => ({ label: 'cell', points, shape_type: 'polygon' });
  const files = Object.entries(rings).map(([stem, ring]) => {
    const text = json({ shapes: [shape(GOOD), shape(ring)], imagePath: `${stem}.png` });
    const at = text.lastIndexOf('"label"');
    const own = stem === 'proto' ? withProto(text.slice(at), '"label"') : text.slice(at);
    return [`${stem}.json`, text.slice(0, at) + own] as const;
  });
  return {
    format: 'labelme',
    files: {
      ...pictures([...Object.keys(rings), 'cut']),
      ...Object.fromEntries(files),
      'cut.json': '{"shapes":[',
    },
  };
}

function datumaro(): FaultyFolder {
  const rings = all({ proto: OTHER, twice: OTHER });
  const polygon = (points: Ring, id: number) => ({
    ...{ id, type: 'polygon', label_id: 0, points: points.flat() },
  });
  const items = Object.entries(rings).map(([stem, ring]) => ({
    id: stem === 'twice' ? 'proto' : stem,
    annotations: [polygon(GOOD, 1), polygon(ring, 2)],
    image: { path: `${stem}.png`, size: [SIDE, SIDE] },
  }));
  const text = json({ categories: { label: { labels: [{ name: 'cell' }] } }, items });
  return {
    format: 'datumaro',
    files: {
      ...pictures(Object.keys(rings)),
      'default.json': withProto(text, '"id":"proto"'),
    },
  };
}

function qupath(): FaultyFolder {
  const rings = all({ twice: OTHER, proto: OTHER });
  const files = Object.entries(rings).map(([stem, ring]) => {
    const feature = (points: Ring, id: string) => ({
      ...{ type: 'Feature', id: stem === 'twice' ? 'same' : id },
      geometry: { type: 'Polygon', coordinates: [points] },
      properties: { classification: { name: 'cell' } },
    });
    const text = json([feature(GOOD, 'one'), feature(ring, 'two')]);
    return [`${stem}.geojson`, stem === 'proto' ? withProto(text, '"id":"two"') : text] as const;
  });
  return {
    format: 'qupath',
    files: { ...pictures(Object.keys(rings)), ...Object.fromEntries(files) },
  };
}

function cvat(): FaultyFolder {
  const rings = all({ entity: OTHER, deep: OTHER });
  const polygon = (label: string, ring: Ring) =>
    `<polygon label="${label}" points="${ring.map((p) => p.join(',')).join(';')}"/>`;
  const nested = 10_000;
  const images = Object.entries(rings).map(([stem, ring], i) => {
    const second = polygon(stem === 'entity' ? '&secret;' : 'cell', ring);
    const deep = stem === 'deep' ? '<a>'.repeat(nested) + '</a>'.repeat(nested) : '';
    return `<image id="${i}" name="${stem}.png" width="${SIDE}" height="${SIDE}">${deep}\n${polygon('cell', GOOD)}\n${second}\n</image>\n`;
  });
  const entities =
    '<!DOCTYPE annotations [<!ENTITY lol "ha"><!ENTITY secret SYSTEM "file:///etc/passwd">]>';
  const text = `${entities}\n<annotations><version>1.1</version>\n${images.join('')}</annotations>`;
  return {
    format: 'cvat',
    files: { ...pictures(Object.keys(rings)), 'annotations.xml': text },
  };
}

function yolo(): FaultyFolder {
  const line = (ring: Ring) =>
    `0 ${ring.map(([x, y]) => `${typeof x === 'string' ? 'nan' : x / SIDE} ${y / SIDE}`).join(' ')}`;
  const texts = Object.entries(RINGS).map(
    ([stem, ring]) => [`${stem}.txt`, `${line(GOOD)}\n${line(ring)}\n`] as const,
  );
  return {
    format: 'yolo',
    files: {
      ...pictures([...Object.keys(RINGS), 'words']),
      ...Object.fromEntries(texts),
      'words.txt': `${line(GOOD)}\n__proto__ 0 0 1 0 1 1\n`,
      'classes.txt': 'cell\n',
    },
  };
}

/** A polygon with fractions, as RoiEncoder of ImageJ writes it. */
function roi(ring: Ring): Buffer {
  const count = ring.length;
  const out = Buffer.alloc(64 + 12 * count);
  out.write('Iout', 0, 'latin1');
  out.writeInt16BE(227, 4);
  out.writeUInt16BE(count, 16);
  out.writeUInt16BE(128, 50);
  ring.forEach(([x, y], i) => {
    out.writeFloatBE(Number(x), 64 + 4 * (count + i));
    out.writeFloatBE(y, 64 + 4 * (2 * count + i));
  });
  return out;
}

function imageJ(): FaultyFolder {
  const zips = Object.entries(RINGS).map(([stem, ring]) => {
    const files = { 'cell-0001.roi': roi(GOOD), 'cell-0002.roi': roi(ring) };
    return [`${stem}_RoiSet.zip`, zipSync(files)] as const;
  });
  const climbing = {
    'cell-0001.roi': roi(GOOD),
    '../../cell-0002.roi': roi(GOOD),
    'cell-0003.roi': roi(GOOD).subarray(0, 70),
    'read me.txt': strToU8('no ROI'),
  };
  return {
    format: 'imagej-roi',
    files: {
      ...pictures([...Object.keys(RINGS), 'climb']),
      ...Object.fromEntries(zips),
      'climb_RoiSet.zip': zipSync(climbing),
    },
  };
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array;
interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Numbers;
}

const square = (data: Numbers, side = SIDE): Mask => ({ width: side, height: side, data });
/** Two objects and nothing else. */
const two = () => Uint16Array.from({ length: SIDE ** 2 }, (_, i) => (i < 8 ? 1 : i < 16 ? 2 : 0));

/** Masks of numbers of each kind of file, in masks/ and objects/ by the names of their pictures. */
function masks(
  format: FaultyFolder['format'],
  ending: string,
  write: (mask: Mask) => Uint8Array,
  more: Readonly<Record<string, Uint8Array>>,
): FaultyFolder {
  const { side, objects } = MANY;
  const many = Uint32Array.from({ length: side ** 2 }, (_, i) => (i < objects ? i + 1 : 0));
  const fractions = Float32Array.from(two(), (n) => n / 3);
  const numbers: Record<string, Uint8Array> = {
    good: write(square(two())),
    cut: write(square(two())).subarray(0, -40),
    size: write({ width: SIDE, height: SIDE / 2, data: two().subarray(0, SIDE ** 2 / 2) }),
    fractions: write(square(fractions)),
    large: write(square(Uint32Array.from(two(), (n) => (n === 2 ? 2 ** 24 : n)))),
    many: write(square(many, side)),
    ...more,
  };
  const classes = ({ data, ...size }: Mask) =>
    write({ ...size, data: Uint8Array.from(data, (n) => (n > 0 ? 1 : 0)) });
  const own = classes(square(two()));
  return {
    format,
    files: {
      ...pictures(Object.keys(numbers), 'images/'),
      'images/many.png': greyPng(side, side, 99),
      ...Object.fromEntries(
        Object.entries(numbers).flatMap(([stem, file]) => [
          [`objects/${stem}${ending}`, file],
          [`masks/${stem}${ending}`, stem === 'many' ? classes(square(many, side)) : own],
        ]),
      ),
    },
  };
}

const tiff = (mask: Mask, description?: string) =>
  encodeTiff({ ...mask, channels: 1, ...(description === undefined ? {} : { description }) });
const ome = (pixels: string, before = '') =>
  `<?xml version="1.0"?>${before}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" ${pixels}><TiffData/></Pixels></Image></OME>`;
const SIZES = `SizeX="${SIDE}" SizeY="${SIDE}" SizeC="1" SizeT="1"`;

function omeTiff(): FaultyFolder {
  const plain = (mask: Mask) =>
    tiff(mask, ome(`SizeX="${mask.width}" SizeY="${mask.height}" SizeZ="1" SizeC="1" SizeT="1"`));
  const mask = square(two());
  const deep = '<a>'.repeat(10_000) + '</a>'.repeat(10_000);
  const folder = masks('ome-tiff', '.ome.tif', plain, {
    planes: tiff(mask, ome(`${SIZES} SizeZ="5"`)),
    sides: tiff(mask, ome('SizeX="99" SizeY="7" SizeC="1" SizeT="1" SizeZ="1"')),
    entity: tiff(mask, ome(`${SIZES} SizeZ="&z;"`, '<!DOCTYPE OME [<!ENTITY z "5">]>')),
    deep: tiff(mask, ome(`${SIZES} SizeZ="1"`).replace('<TiffData/>', deep)),
  });
  // A picture, too, may say of itself what it is not.
  const page = {
    width: SIDE,
    height: SIDE,
    bits: [8],
    samples: new Array<number>(SIDE ** 2).fill(7),
  };
  const picture = writeTiff([
    { ...page, tags: { 270: ome('SizeX="99" SizeY="7" SizeC="1" SizeT="1" SizeZ="5"') } },
    { ...page, samples: new Array<number>(SIDE ** 2).fill(8) },
  ]);
  return { ...folder, files: { ...folder.files, 'images/stack.ome.tif': picture } };
}

/** A packed file with another header. */
function patched(file: Uint8Array, change: (header: Buffer) => void): Uint8Array {
  const whole = gunzipSync(file);
  change(whole);
  return gzipSync(whole);
}

function nifti(): FaultyFolder {
  const write = ({ width, height, data }: Mask) =>
    data instanceof Float32Array
      ? patched(encodeNifti({ width, height, data: two() }, null), (header) =>
          header.writeFloatLE(1 / 3, 112),
        )
      : encodeNifti({ width, height, data }, null);
  const wrong = (change: (header: Buffer) => void) => patched(write(square(two())), change);
  return masks('nifti', '.nii.gz', write, {
    axes: wrong((header) => header.writeInt16LE(9, 40)),
    sides: wrong((header) => header.writeInt16LE(-8, 42)),
    type: wrong((header) => header.writeInt16LE(32, 70)),
    start: wrong((header) => header.writeFloatLE(-1, 108)),
    claims: wrong((header) => {
      for (const at of [42, 44, 46]) header.writeInt16LE(30_000, at);
    }),
  });
}

function npy(): FaultyFolder {
  const write = ({ width, height, data }: Mask) => encodeNpy({ shape: [height, width], data });
  const pickled = Buffer.from(write(square(two())));
  pickled.write("'|O' ", pickled.indexOf("'<u2'"), 'latin1');
  return masks('npy', '.npy', write, { pickle: pickled });
}

function voc(): FaultyFolder {
  const numbers = [...two()];
  const mask = indexPng(SIDE, SIDE, numbers);
  const objects: Record<string, Uint8Array> = {
    good: mask,
    cut: mask.subarray(0, -40),
    size: indexPng(SIDE, SIDE / 2, numbers.slice(0, SIDE ** 2 / 2)),
    photo: rgbPng(SIDE, SIDE, 3),
  };
  const classes = indexPng(
    SIDE,
    SIDE,
    numbers.map((n) => (n > 0 ? 1 : 0)),
  );
  const stems = Object.keys(objects);
  const placed = (folder: string, fileOf: (stem: string) => Uint8Array) =>
    Object.fromEntries(stems.map((stem) => [`${folder}/${stem}.png`, fileOf(stem)]));
  return {
    format: 'voc',
    files: {
      ...pictures(stems, 'JPEGImages/'),
      ...placed('SegmentationClass', () => classes),
      ...placed('SegmentationObject', (stem) => objects[stem] ?? mask),
      'labelmap.txt': 'background:0,0,0::\ncell:1,254,7::\n',
    },
  };
}

export const faultyFolders = (): readonly FaultyFolder[] => [
  coco(),
  labelme(),
  datumaro(),
  qupath(),
  cvat(),
  yolo(),
  imageJ(),
  voc(),
  masks('label-tiff', '.tif', (mask) => tiff(mask), {}),
  omeTiff(),
  nifti(),
  npy(),
];
