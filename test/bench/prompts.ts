/**
 * Clicks and boxes with the network that comes with Graft: how well a mask fits after one click, three clicks and a box,
 * on nuclei that it has never seen, and how long looking and answering take.
 *
 * A simulated hand clicks where an object is deepest; every further click goes to the deepest place of the larger of what
 * is missing and what is too much, as an inside or outside point. A box is the smallest around the object. `best of 3`:
 * the best of the masks that Tab shows. `refined`: the mask of the click before goes in with the next one. Views: the whole
 * image, and a part of about four times the object's longer side, as Annotate looks at when one has zoomed in.
 *
 * usage: prompts.ts [--data DIR,…] [--images 20] [--objects 32] [--views whole,zoomed] (objects a folder, spread over its
 *   images; looking at each object by itself, as `zoomed` does, is what takes long)
 *   DIR holds images/ and instances.json (default: fluorescence and histology of ../shared/data/dsb2018).
 */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { promptRegion } from '../../renderer/canvas/prompt-region.ts';
import { report, type Row } from './measure.ts';
import {
  deepest,
  errorsOf,
  iou,
  mean,
  NUCLEI_FOLDERS,
  type NucleiImage,
  nucleiImages,
  quantile,
  type TrueObject,
} from './nuclei-objects.ts';
import { childrenPeakMiB, look, type Looked } from './prompting.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: NUCLEI_FOLDERS },
    images: { type: 'string', default: '20' },
    objects: { type: 'string', default: '32' },
    views: { type: 'string', default: 'whole,zoomed' },
  },
});
const VIEWS = (['whole', 'zoomed'] as const).filter((view) =>
  flags.views.split(',').includes(view),
);
const CLICKS = 3;
const ZOOMED = 4;

function regionOf(view: 'whole' | 'zoomed', image: NucleiImage, { box }: TrueObject) {
  const { width, height } = image.pixels;
  if (view === 'whole') return { left: 0, top: 0, width, height };
  const side = (ZOOMED * Math.max(box.x1 - box.x0, box.y1 - box.y0)) / 2;
  const [x, y] = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2];
  const inView = {
    x0: Math.max(0, x - side),
    y0: Math.max(0, y - side),
    x1: Math.min(width, x + side),
    y1: Math.min(height, y + side),
  };
  return promptRegion({ image: image.pixels, view: inView, needed: box, last: null });
}

interface Fits {
  readonly [name: string]: number;
}

/** IoU after each kind of prompt. */
async function fitsOf(looked: Looked, object: TrueObject, decodeMs: number[]): Promise<Fits> {
  const fits: Record<string, number> = {};
  const ask = async (asked: Parameters<Looked['ask']>[0]) => {
    const { masks, ms } = await looked.ask(asked);
    decodeMs.push(ms);
    return masks;
  };
  const best = (masks: Awaited<ReturnType<typeof ask>>) =>
    Math.max(0, ...masks.slice(0, CLICKS).map(({ data }) => iou(data, object.data)));
  for (const refined of [false, true]) {
    const points: { x: number; y: number; inside: boolean }[] = [];
    let found = new Uint8Array(object.data.length);
    let from: Float32Array | null = null;
    for (let click = 1; click <= CLICKS; click++) {
      const { missing, extra } = errorsOf(found, object);
      const [here, there] = [deepest(missing), deepest(extra)];
      const inside = (here?.depth ?? 0) >= (there?.depth ?? 0);
      const at = inside ? here : there;
      if (at !== null) points.push({ x: at.x + 0.5, y: at.y + 0.5, inside });
      const masks = await ask({ points, from });
      const [first] = masks;
      if (first === undefined) continue;
      found = Uint8Array.from(first.data);
      if (refined) from = first.logits;
      if (click === 1 && !refined) {
        fits['1 click'] = iou(found, object.data);
        fits['1 click, best of 3'] = best(masks);
      }
    }
    fits[refined ? '3 clicks, refined' : '3 clicks'] = iou(found, object.data);
  }
  const masks = await ask({ points: [], box: object.box });
  fits['box'] = iou(masks[0]?.data ?? new Uint8Array(object.data.length), object.data);
  fits['box, best of 3'] = best(masks);
  return fits;
}

const rows: Row[] = [];
const encodeMs: number[] = [];
const decodeMs: number[] = [];
for (const folder of flags.data.split(',')) {
  const images = await nucleiImages(resolve(folder), Number(flags.images));
  const wanted = Math.max(1, Math.ceil(Number(flags.objects) / images.length));
  for (const view of VIEWS) {
    const all: Fits[] = [];
    for (const image of images) {
      // Not the largest alone: every so many-th by size.
      const every = Math.max(1, Math.floor(image.objects.length / wanted));
      const objects = image.objects.filter((_, i) => i % every === 0).slice(0, wanted);
      let whole: Looked | null = null;
      for (const object of objects) {
        let looked: Looked | null = whole;
        if (looked === null) {
          looked = await look(image.pixels, regionOf(view, image, object));
          encodeMs.push(looked.encodeMs);
        }
        if (view === 'whole') whole = looked;
        all.push(await fitsOf(looked, object, decodeMs));
      }
    }
    for (const prompt of Object.keys(all[0] ?? {})) {
      const found = all.flatMap((one) => one[prompt] ?? []);
      rows.push({
        ...{ data: basename(folder), view, prompt, objects: found.length },
        ...{ mean: mean(found), median: quantile(found, 0.5) },
      });
    }
  }
}
report('clicks and boxes: IoU', rows);
report('clicks and boxes: milliseconds', [
  { what: 'looking', median: quantile(encodeMs, 0.5), p95: quantile(encodeMs, 0.95) },
  { what: 'answering', median: quantile(decodeMs, 0.5), p95: quantile(decodeMs, 0.95) },
]);
report('clicks and boxes: peak memory of each process, MiB', [
  Object.fromEntries(childrenPeakMiB().map((peak, i) => [`process ${i + 1}`, peak])),
]);
process.exit();
