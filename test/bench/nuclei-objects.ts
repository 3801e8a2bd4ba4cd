/** Images of ../shared/data/dsb2018 with their objects one by one, and what benchmarks of helpers measure on these. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage } from '../../engine/data/decode.ts';
import { openFile } from '../../engine/data/image-file.ts';
import { cocoRuns, forEachCocoPixel } from '../../shared/coco-rle.ts';
import type { ImagePixels } from '../../shared/display.ts';

/** Where they lie, by default: folders, a comma between two. */
export const NUCLEI_FOLDERS =
  '../shared/data/dsb2018/fluorescence,../shared/data/dsb2018/histology';

/** A shape in an image: 1 where it is. [height · width] */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface TrueObject extends Mask {
  readonly area: number;
  /** x0 ≤ x < x1. */
  readonly box: {
    readonly x0: number;
    readonly y0: number;
    readonly x1: number;
    readonly y1: number;
  };
}

export interface NucleiImage {
  readonly name: string;
  readonly pixels: ImagePixels;
  /** The largest first. */
  readonly objects: readonly TrueObject[];
}

/** Smaller ones are crumbs at the edge of an image. */
const LEAST_PX = 30;

interface Instances {
  readonly images: readonly { readonly id: number; readonly file_name: string }[];
  readonly annotations: readonly {
    readonly image_id: number;
    readonly segmentation: { readonly size: [number, number]; readonly counts: string };
  }[];
}

function objectOf({ size, counts }: Instances['annotations'][number]['segmentation']): TrueObject {
  const [height, width] = size;
  const data = new Uint8Array(width * height);
  const runs = cocoRuns({ size, counts });
  if (!runs.ok) throw new Error(runs.reason);
  const box = { x0: width, y0: height, x1: 0, y1: 0 };
  let area = 0;
  forEachCocoPixel(runs.counts, size, (index) => {
    const [x, y] = [index % width, Math.floor(index / width)];
    data[index] = 1;
    area++;
    box.x0 = Math.min(box.x0, x);
    box.y0 = Math.min(box.y0, y);
    box.x1 = Math.max(box.x1, x + 1);
    box.y1 = Math.max(box.y1, y + 1);
  });
  return { width, height, data, area, box };
}

/** The first so many images of a folder with images/ and instances.json. */
export async function nucleiImages(folder: string, count: number): Promise<NucleiImage[]> {
  const { images, annotations } = JSON.parse(
    readFileSync(join(folder, 'instances.json'), 'utf8'),
  ) as Instances;
  const found: NucleiImage[] = [];
  for (const { id, file_name: name } of images.slice(0, count)) {
    const path = join(folder, 'images', name);
    const objects = annotations
      .filter((one) => one.image_id === id)
      .map(({ segmentation }) => objectOf(segmentation))
      .filter(({ area }) => area >= LEAST_PX)
      .sort((a, b) => b.area - a.area);
    const pixels = await decodeImage(await openFile(path, 0), { subject: path });
    found.push({ name, pixels, objects });
  }
  return found;
}

/** All objects of an image as one. */
export function truthOf({ pixels, objects }: NucleiImage): Mask {
  const { width, height } = pixels;
  const data = new Uint8Array(width * height);
  for (const object of objects) object.data.forEach((one, i) => (data[i] = (data[i] ?? 0) | one));
  return { width, height, data };
}

function overlap(a: Uint8Array, b: Uint8Array): { both: number; sum: number } {
  let [both, sum] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [here, there] = [a[i] ?? 0, b[i] ?? 0];
    both += here & there;
    sum += here + there;
  }
  return { both, sum };
}

export function iou(a: Uint8Array, b: Uint8Array): number {
  const { both, sum } = overlap(a, b);
  return sum === 0 ? 1 : both / (sum - both);
}

export function dice(a: Uint8Array, b: Uint8Array): number {
  const { both, sum } = overlap(a, b);
  return sum === 0 ? 1 : (2 * both) / sum;
}

/** How far each pixel of a mask is from the nearest outside it, in steps to any of eight neighbours; what is beyond the edge is outside. */
export function depths({ width, height, data }: Mask): Uint16Array {
  const depth = new Uint16Array(data.length);
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (depth[y * width + x] ?? 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      depth[y * width + x] =
        1 + Math.min(at(x - 1, y), at(x - 1, y - 1), at(x, y - 1), at(x + 1, y - 1));
    }
  }
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--) {
      const own = depth[y * width + x] ?? 0;
      if (own === 0) continue;
      const after = Math.min(at(x + 1, y), at(x + 1, y + 1), at(x, y + 1), at(x - 1, y + 1));
      depth[y * width + x] = Math.min(own, 1 + after);
    }
  }
  return depth;
}

/** The pixel that lies deepest in a mask, where a careful hand clicks; null in an empty one. */
export function deepest(mask: Mask): { x: number; y: number; depth: number } | null {
  const depth = depths(mask);
  let best = 0;
  for (let i = 0; i < depth.length; i++) if ((depth[i] ?? 0) > (depth[best] ?? 0)) best = i;
  const found = depth[best] ?? 0;
  if (found === 0) return null;
  return { x: best % mask.width, y: Math.floor(best / mask.width), depth: found };
}

/** What of the truth is missing, and what is too much. */
export function errorsOf(
  found: Uint8Array,
  truth: Mask,
): { readonly missing: Mask; readonly extra: Mask } {
  const size = { width: truth.width, height: truth.height };
  const where = (is: (i: number) => boolean) =>
    Uint8Array.from({ length: found.length }, (_, i) => (is(i) ? 1 : 0));
  return {
    missing: { ...size, data: where((i) => truth.data[i] === 1 && found[i] === 0) },
    extra: { ...size, data: where((i) => truth.data[i] === 0 && found[i] === 1) },
  };
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;

/** The value below which a share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
