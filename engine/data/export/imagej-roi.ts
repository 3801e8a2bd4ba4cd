/**
 * ROIs of ImageJ, a RoiSet.zip an image: traced outlines along the edges of pixels, composites where an object has holes or
 * several parts. Named after the class and the number of the object; the group of a ROI is the number of its class.
 */
import { strToU8, zipSync } from 'fflate';
import { NO_OBJECTS } from '../import/imagej-roi.ts';
import { besideNames } from './beside-names.ts';
import type { ExportWriter } from './format.ts';
import { type ExportedObject, ignoredIn, objectsIn } from './objects.ts';

const VERSION = 228;
const RECTANGLE = 1;
const TRACED = 8;
const HEADER_BYTES = 64;
const HEADER_2_BYTES = 64;
const IGNORED = 'ignored';
/** Coordinates beyond this have no place in two bytes. */
const MOST_TRACED = 32_767;
/** Zips of the same labels are the same bytes. */
const WHEN = new Date(1980, 0, 1);

export const imageJWriter: ExportWriter = {
  imagesFolder: 'images',
  hasPages: false,
  begin(context) {
    const { drawn, layer, target } = context;
    const nameOf = besideNames(context);
    const classOf = new Map(drawn.map((one) => [one.index, one.name]));
    const folder = layer === 'labels' ? 'rois' : 'predictions';
    return {
      async image(image, labels) {
        if (labels === null) return;
        const ignored = ignoredIn(labels);
        const files: Record<string, Uint8Array> = {};
        const add = (object: ExportedObject, name: string) => {
          const number = String(Object.keys(files).length + 1).padStart(4, '0');
          const own = `${name}-${number}`;
          files[`${own.replaceAll(/[/\\:*?"<>|]/g, ' ')}.roi`] = roiOf(object, own);
        };
        if (ignored !== null) add(ignored, IGNORED);
        for (const object of objectsIn(labels)) {
          add(object, classOf.get(object.classIndex) ?? `class ${object.classIndex}`);
        }
        // ImageJ opens no empty archive.
        if (Object.keys(files).length === 0) files[NO_OBJECTS] = strToU8('background alone\n');
        await target.write(`${folder}/${nameOf(image)}.zip`, zipSync(files, { mtime: WHEN }));
      },
      async finish() {
        if (layer === 'predictions') return;
        await target.write('classes.txt', drawn.map(({ name }) => `${name}\n`).join(''));
      },
    };
  },
};

function roiOf(object: ExportedObject, name: string): Buffer {
  const { x0, y0, x1, y1 } = object.box;
  const rings = object.parts().flatMap(({ outer, holes }) => [outer, ...holes]);
  const [only = [], ...more] = rings;
  const isTraced =
    more.length === 0 && Math.max(x1, y1) <= MOST_TRACED && only.length <= 2 * 65_535;
  const outline = isTraced ? traced(only, x0, y0) : composite(rings);
  const out = Buffer.alloc(HEADER_BYTES + outline.length + HEADER_2_BYTES + 2 * name.length);
  out.write('Iout', 0, 'latin1');
  out.writeInt16BE(VERSION, 4);
  out[6] = isTraced ? TRACED : RECTANGLE;
  [y0, x0, y1, x1].forEach((side, i) => out.writeUInt16BE(side, 8 + 2 * i));
  if (isTraced) out.writeUInt16BE(only.length / 2, 16);
  else out.writeInt32BE(outline.length / 4, 36);
  outline.copy(out, HEADER_BYTES);
  const header2 = HEADER_BYTES + outline.length;
  out.writeInt32BE(header2, 60);
  out.writeInt32BE(header2 + HEADER_2_BYTES, header2 + 16);
  out.writeInt32BE(name.length, header2 + 20);
  out[header2 + 30] = object.classIndex;
  for (let i = 0; i < name.length; i++) {
    out.writeUInt16BE(name.charCodeAt(i), header2 + HEADER_2_BYTES + 2 * i);
  }
  return out;
}

/** All x and then all y, from the corner of its rectangle. */
function traced(ring: readonly number[], x0: number, y0: number): Buffer {
  const corners = ring.length / 2;
  const out = Buffer.alloc(4 * corners);
  for (let i = 0; i < corners; i++) {
    out.writeInt16BE((ring[2 * i] ?? 0) - x0, 2 * i);
    out.writeInt16BE((ring[2 * i + 1] ?? 0) - y0, 2 * (corners + i));
  }
  return out;
}

/** A path of Java: a move, lines, and a close a ring. */
function composite(rings: readonly (readonly number[])[]): Buffer {
  const numbers = rings.flatMap((ring) => {
    const corners = Array.from({ length: ring.length / 2 }, (_, i) => [
      i === 0 ? 0 : 1,
      ring[2 * i] ?? 0,
      ring[2 * i + 1] ?? 0,
    ]);
    return [...corners.flat(), 4];
  });
  const out = Buffer.alloc(4 * numbers.length);
  numbers.forEach((value, i) => out.writeFloatBE(value, 4 * i));
  return out;
}
