/** Small sound files of every format that is read, from which the damaged ones are made. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { strToU8, zipSync } from 'fflate';
import sharp from 'sharp';
import { encodeNifti } from '../../../engine/data/nifti.ts';
import { encodeNpy } from '../../../engine/data/npy.ts';
import { manifestText, newManifest } from '../../../engine/elsewhere/bundle.ts';
import { encodeRunFile } from '../../../engine/elsewhere/run-file.ts';
import { writeHdf5 } from '../../../engine/training/weights/keras-file.ts';
import { writeSafetensors } from '../../../engine/training/weights/safetensors.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { createRandom } from '../../../shared/random.ts';
import {
  single,
  tensor as pickledTensor,
  torchStream,
  torchZip,
} from '../../engine/training/weights/torch-writer.ts';
import { type TiffPage, writeTiff } from '../../engine/data/tiff-writer.ts';
import { promptNetwork } from '../../fixtures/prompt-network.ts';

export interface SoundFile {
  readonly name: string;
  /**
   * folder: a list beside images and masks, under its name; labels: outlines beside images alone; maps: codes of labels and
   * objects; bundle: what travels with a study; network: an encoder that answers clicks.
   */
  readonly kind: 'image' | 'weights' | 'coco' | 'folder' | 'labels' | 'maps' | 'bundle' | 'network';
  readonly bytes: Buffer;
}

const [WIDTH, HEIGHT] = [20, 14];

const noise = (count: number, below: number, name: string): number[] => {
  const random = createRandom(1, 'sound', name);
  return Array.from({ length: count }, () => random.below(below));
};

const page = (bits: readonly number[], more: Partial<TiffPage> = {}): TiffPage => ({
  ...{ width: WIDTH, height: HEIGHT, bits },
  samples: noise(WIDTH * HEIGHT * bits.length, 2 ** Math.min(8, ...bits), String(bits)),
  ...more,
});

/** Two channels of an image, in the order of their planes. */
const OME = `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="${WIDTH}" SizeY="${HEIGHT}"
SizeC="2" SizeZ="1" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5" PhysicalSizeXUnit="µm">
<Channel ID="Channel:0:0" SamplesPerPixel="1"/><Channel ID="Channel:0:1" SamplesPerPixel="1"/>
<TiffData IFD="0" FirstC="0"/><TiffData IFD="1" FirstC="1"/></Pixels></Image></OME>`;

/** Pages of a TIFF by name. */
const TIFFS: Readonly<Record<string, readonly TiffPage[]>> = {
  grey8: [page([8])],
  strips: [page([8], { strip: 3 })],
  grey16: [page([16], { strip: 5 })],
  float32: [page([32], { format: 'float' })],
  rgb: [page([8, 8, 8])],
  planes: [page([8, 8, 8], { planar: true, strip: 4 })],
  tiles: [page([8, 8, 8], { tile: [16, 16] })],
  lzw: [page([8], { compression: 'lzw', predictor: 2 })],
  deflate: [page([16], { compression: 'deflate', predictor: 2, strip: 4 })],
  packbits: [page([8], { compression: 'packbits' })],
  bilevel: [page([1], { photometric: 0 })],
  pages: [page([8]), page([8]), page([8], { compression: 'lzw' })],
  imagej: [
    page([8], { tags: { 270: 'ImageJ=1.53\nimages=3\nchannels=3\n' } }),
    page([8]),
    page([8]),
  ],
  ome: [page([16], { tags: { 270: OME } }), page([16])],
  shaped: [page([8], { tags: { 270: '{"shape": [2, 14, 20], "axes": "CYX"}' } }), page([8])],
  objects: [page([32])],
};

async function photographs(): Promise<SoundFile[]> {
  const data = Buffer.from(noise(WIDTH * HEIGHT * 3, 256, 'photograph'));
  const picture = () => sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  const made = {
    'baseline.jpg': picture().jpeg(),
    'progressive.jpg': picture().jpeg({ progressive: true }),
    'interlaced.png': picture().png({ progressive: true }),
    'lossy.webp': picture().webp(),
    'lossless.webp': picture().webp({ lossless: true }),
    'one.gif': picture().gif(),
    'jpeg.tif': picture().tiff({ compression: 'jpeg' }),
    'deflate-tiles.tif': picture().tiff({ compression: 'deflate', tile: true }),
  };
  const frames = await picture().gif().toBuffer();
  const animated = sharp([frames, frames, frames], { join: { animated: true } });
  const all = { ...made, 'frames.gif': animated.clone().gif(), 'frames.webp': animated.webp() };
  return Promise.all(
    Object.entries(all).map(async ([name, image]) => ({
      ...{ name, kind: 'image' as const },
      bytes: await image.toBuffer(),
    })),
  );
}

function pngs(): SoundFile[] {
  const png = (name: string, options: Parameters<typeof encode>[0]): SoundFile => ({
    ...{ name, kind: 'image' },
    bytes: Buffer.from(encode(options)),
  });
  const size = { width: WIDTH, height: HEIGHT };
  const levels = (count: number, below: number) =>
    Uint8Array.from(noise(count, below, `png ${below}`));
  const pixels = WIDTH * HEIGHT;
  const palette = noise(30, 256, 'palette');
  const colours = Array.from({ length: 10 }, (_, i) => palette.slice(3 * i, 3 * i + 3));
  return [
    png('grey.png', { ...size, channels: 1, data: levels(pixels, 4) }),
    png('rgb.png', { ...size, channels: 3, data: levels(3 * pixels, 2) }),
    png('alpha.png', { ...size, channels: 4, data: levels(4 * pixels, 2) }),
    png('wide.png', {
      ...size,
      channels: 1,
      depth: 16,
      data: Uint16Array.from(noise(pixels, 9, 'w')),
    }),
    png('index.png', { ...size, channels: 1, data: levels(pixels, 10), palette: colours }),
  ];
}

async function weights(): Promise<SoundFile[]> {
  const values = Float32Array.from(noise(24, 100, 'weights'));
  const tensor = { shape: [2, 3, 4], values };
  const tensors = new Map([
    ['conv1.weight', tensor],
    ['bn1.bias', { shape: [24], values }],
  ]);
  const hdf5 = await writeHdf5((file) => {
    const group = file.create_group('layers').create_group('conv');
    group.create_dataset({ name: 'kernel:0', data: values, shape: [2, 3, 4], dtype: '<f4' });
    file.create_attribute('model_config', '{"config": {"name": "a", "layers": []}}');
  });
  const state = single('conv1.weight', pickledTensor({ elements: 24, shape: [2, 3, 4] }));
  const file = (name: string, bytes: Uint8Array): SoundFile => ({
    ...{ name, kind: 'weights' },
    bytes: Buffer.from(bytes),
  });
  return [
    file('w.safetensors', writeSafetensors({ tensors, metadata: { by: 'test' } })),
    file('w.h5', hdf5),
    file('w-zip.pth', torchZip(state, { 0: new Uint8Array(values.buffer) })),
    file('w-stream.pth', torchStream(state, { 0: values })),
    file(
      'w.keras',
      zipSync({ 'model.weights.h5': hdf5, 'config.json': strToU8('{"config": {}}') }),
    ),
  ];
}

function coco(): SoundFile {
  const images = [{ id: 1, file_name: 'a.png', width: WIDTH, height: HEIGHT }];
  const categories = [{ id: 1, name: 'cell' }];
  const of = { image_id: 1, category_id: 1, iscrowd: 0 };
  const box = [2, 2, 9, 2, 9, 9, 2, 9];
  const annotations = [
    { id: 1, ...of, segmentation: [box] },
    { id: 2, ...of, segmentation: { size: [HEIGHT, WIDTH], counts: [30, 40, 210] } },
    { id: 3, ...of, segmentation: { size: [HEIGHT, WIDTH], counts: 'n0X1Z6' } },
  ];
  const json = JSON.stringify({ images, categories, annotations });
  return { name: 'instances.json', kind: 'coco', bytes: Buffer.from(json) };
}

/** Outlines of an image called a, as other tools write them. */
function labels(): SoundFile[] {
  const ring = [
    [2, 2],
    [9, 2],
    [9, 9],
    [2, 9],
    [2, 2],
  ];
  const points = ring.slice(0, -1);
  const png = encode({ width: 2, height: 2, data: Uint8Array.of(0, 1, 1, 1), channels: 1 });
  const mask = Buffer.from(png).toString('base64');
  const shapes = [
    { label: 'cell', points, shape_type: 'polygon', group_id: 1, flags: { ignore: false } },
    { label: 'dot', points: ring.slice(0, 2), shape_type: 'circle' },
    { label: '__ignore__', points: [ring[0], ring[0]], shape_type: 'mask', mask },
  ];
  const size = { imageWidth: WIDTH, imageHeight: HEIGHT };
  const annotations = [
    { id: 1, type: 'mask', label_id: 0, rle: { size: [HEIGHT, WIDTH], counts: 'n0X1Z6' } },
    { id: 2, type: 'polygon', label_id: 0, points: points.flat(), group: 1, z_order: 1 },
    { id: 3, type: 'bbox', label_id: 0, bbox: [1, 1, 4, 4], attributes: { is_crowd: true } },
  ];
  const item = { id: 'a', annotations, image: { path: 'a.png', size: [HEIGHT, WIDTH] } };
  const categories = {
    label: { labels: [{ name: 'cell', parent: '' }] },
    mask: { colormap: [{ label_id: 0, r: 250, g: 10, b: 10 }] },
  };
  const features = [
    {
      ...{ type: 'Feature', id: 'x', geometry: { type: 'Polygon', coordinates: [ring] } },
      properties: { objectType: 'annotation', classification: { name: 'cell', color: [1, 2, 3] } },
    },
    {
      ...{ type: 'Feature', geometry: { type: 'MultiPolygon', coordinates: [[ring]] } },
      properties: { classification: { names: ['a', 'b'] } },
    },
  ];
  const texts = {
    'images/a.json': JSON.stringify({ version: '5.5.0', shapes, imagePath: 'a.png', ...size }),
    'labels/default.json': JSON.stringify({ info: {}, categories, items: [item] }),
    'labels/a.geojson': JSON.stringify({ type: 'FeatureCollection', features }),
    'labels/all.xml': `<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><labels><label><name>cell</name><color>#ff0000</color></label></labels></task></meta>
<image id="0" name="a.png" subset="Train" width="${WIDTH}" height="${HEIGHT}">
<polygon label="cell" points="2,2;9,2;9.5,9" z_order="1" group_id="1"/>
<box label="cell" xtl="1" ytl="1" xbr="4" ybr="4" rotation="30"/>
<ellipse label="cell" cx="8" cy="8" rx="3" ry="2"/>
<mask label="cell" rle="1, 2, 1" left="1" top="1" width="2" height="2"></mask>
</image></annotations>`,
    'labels/a.txt': '0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n1 0.6 0.6 0.9 0.6 0.9 0.9\n',
  };
  const outlines = Object.entries(texts).map(([name, text]): SoundFile => ({
    ...{ name, kind: 'labels' },
    bytes: Buffer.from(text),
  }));
  const [oval, path] = [Buffer.alloc(64), Buffer.alloc(64 + 4 * 10)];
  for (const roi of [oval, path]) {
    roi.write('Iout', 0, 'latin1');
    roi.writeInt16BE(227, 4);
    roi[6] = roi === oval ? 2 : 1;
    [1, 2, 9, 12].forEach((side, i) => roi.writeInt16BE(side, 8 + 2 * i));
  }
  path.writeInt32BE(10, 36);
  [0, 1, 1, 1, 9, 1, 1, 9, 9, 4].forEach((value, i) => path.writeFloatBE(value, 64 + 4 * i));
  const set = zipSync({ 'cell-0001.roi': oval, 'cell-0002.roi': path });
  return [...outlines, { name: 'labels/a.zip', kind: 'labels', bytes: Buffer.from(set) }];
}

/** Arrays that are images. */
function arrays(): SoundFile[] {
  const data = Uint16Array.from(noise(WIDTH * HEIGHT, 9, 'array'));
  const npy = encodeNpy({ shape: [HEIGHT, WIDTH], data });
  const nifti = encodeNifti({ width: WIDTH, height: HEIGHT, data }, null);
  const files = {
    'a.npy': npy,
    'a.npz': zipSync({ 'masks.npy': npy }),
    'a.nii.gz': nifti,
    'a.nii': gunzipSync(nifti),
  };
  return Object.entries(files).map(([name, bytes]): SoundFile => ({
    ...{ name, kind: 'image' },
    bytes: Buffer.from(bytes),
  }));
}

/** What layouts read beside images and masks called a and b. */
function lists(): SoundFile[] {
  const classes = [
    { index: 0, name: 'background', color: '#000000' },
    { index: 1, name: 'cell', color: '#ff8800' },
  ];
  const texts = {
    'classes.json': JSON.stringify({
      ...{ classes, imageClasses: ['ill'], pages: { 'a.png': [[0]] } },
      images: { 'a.png': { group: 'slide 1', imageClass: 'ill' } },
    }),
    'splits.json': JSON.stringify({ mine: { train: ['a.png'], val: ['b.png'], test: [] } }),
    'dataset.json': JSON.stringify({ labels: { background: 0, cell: 1 }, file_ending: '.png' }),
    'labelmap.txt': '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncell:1,1,1::\n',
    'class_dict.csv': 'name,r,g,b\nbackground,0,0,0\ncell,1,1,1\n',
    'class_names.txt': '_background_\ncell\n',
    'ImageSets/Segmentation/train.txt': 'a\nb\n',
  };
  return Object.entries(texts).map(([name, text]): SoundFile => ({
    ...{ name, kind: 'folder' },
    bytes: Buffer.from(text),
  }));
}

/** As they are stored, and go over the wire. */
function maps(): SoundFile[] {
  const size = { width: WIDTH, height: HEIGHT };
  const numbers = noise(WIDTH * HEIGHT, 4, 'maps');
  const labels = encodeLabelMap({ ...size, data: Uint8Array.from(numbers) });
  const objects = encodeObjectMap({ ...size, data: Uint32Array.from(numbers, (n) => n * 70_000) });
  const files = { 'labels.glm': labels, 'objects.gom': objects };
  return Object.entries(files).map(([name, bytes]): SoundFile => ({
    ...{ name, kind: 'maps' },
    bytes: Buffer.from(bytes),
  }));
}

function bundle(): SoundFile[] {
  const hash = 'a'.repeat(64);
  const prediction = encodeLabelMap({ width: 4, height: 3, data: new Uint8Array(12) });
  const result = {
    ...{ type: 'result' as const, prediction },
    result: {
      ...{ imageId: 3, checkpoint: 'best' as const, dice: 0.5, iou: 0.4, uncertainty: 0.1 },
      ...{ hd95: null, boundaryF1: 0.5, classes: [] },
    },
  };
  const run = encodeRunFile({
    ...{ runId: 3, planned: hash, state: 'done', startedFrom: null, attempts: [] },
    log: [{ at: '2026-11-29T12:00:00.000Z', message: 'began' }],
    events: [result, { type: 'done', kept: null }],
  });
  const manifest = newManifest({
    study: { id: 1, name: 'first' },
    execution: { threads: 1 },
    checkpointMinutes: 10,
    runs: [
      {
        ...{ id: 3, planned: hash, kind: 'finetune', label: 'random', seed: 0, steps: 9 },
        ...{ dependsOn: null, given: [] },
      },
    ],
    files: [{ path: 'plan.graft', bytes: 10, sha256: hash }],
  });
  return [
    { name: '3.run', kind: 'bundle', bytes: Buffer.from(run) },
    { name: 'bundle.json', kind: 'bundle', bytes: Buffer.from(manifestText(manifest)) },
  ];
}

/** Its other half lies beside it where it is tried. */
function network(): SoundFile {
  const folder = mkdtempSync(join(tmpdir(), 'graft-faults-network-'));
  try {
    const { encoder } = promptNetwork(folder);
    return { name: 'encoder.onnx', kind: 'network', bytes: readFileSync(encoder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function soundFiles(): Promise<SoundFile[]> {
  const tiffs = Object.entries(TIFFS).flatMap(([name, pages]) =>
    [false, true].map((isBig): SoundFile => ({
      ...{ name: `${name}-${isBig ? 'MM' : 'II'}.tif`, kind: 'image' },
      bytes: Buffer.from(writeTiff(pages, { isBig })),
    })),
  );
  return [
    ...tiffs,
    ...pngs(),
    ...arrays(),
    ...(await photographs()),
    ...(await weights()),
    coco(),
    ...labels(),
    ...lists(),
    ...maps(),
    ...bundle(),
    network(),
  ];
}

/** A sound image, to lie beside a file that is none. */
export function pictureOf(sound: readonly SoundFile[]): Buffer {
  const picture = sound.find(({ name }) => name === 'grey.png');
  if (picture === undefined) throw new Error('there are sound files');
  return picture.bytes;
}
