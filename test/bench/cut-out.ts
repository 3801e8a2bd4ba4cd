/**
 * Cutting out of boxes: how well a shape fits (IoU) where the part is so large that only some of its pixels are looked at,
 * without and with the border cut anew, beside a cut of all pixels, and what each takes of the processor. Nuclei of real
 * images are small, so that images and masks are enlarged (bilinear; masks where a half is reached).
 *
 * usage: cut-out.ts [--data DIR,…] [--images 4] [--objects 8] [--scale 16] [--all] (objects a folder, spread over its images
 *   and sizes; --all: the cut of all pixels as well, seconds each)
 *   DIR holds images/ and instances.json (default: fluorescence and histology of ../shared/data/dsb2018).
 */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cutHere, cutRequest, cutShape } from '../../renderer/canvas/cutter.ts';
import { LabelLayer } from '../../renderer/canvas/label-layer.ts';
import { coarseShape } from '../../shared/assist/cut-border.ts';
import { NO_SCRIBBLE } from '../../shared/assist/scribbled.ts';
import { forEachSpan } from '../../shared/mask-runs.ts';
import { report, type Row } from './measure.ts';
import {
  iou,
  mean,
  NUCLEI_FOLDERS,
  type NucleiImage,
  nucleiImages,
  quantile,
  type TrueObject,
} from './nuclei-objects.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: NUCLEI_FOLDERS },
    images: { type: 'string', default: '4' },
    objects: { type: 'string', default: '8' },
    scale: { type: 'string', default: '16' },
    all: { type: 'boolean', default: false },
  },
});
const scale = Number(flags.scale);
const { signal } = new AbortController();

/** A value between pixels, at a place of the enlarged image. */
function between(x: number, y: number, width: number, height: number, at: (i: number) => number) {
  const inside = (value: number, side: number) => Math.min(side - 1, Math.max(0, value));
  const [px, py] = [
    inside((x + 0.5) / scale - 0.5, width),
    inside((y + 0.5) / scale - 0.5, height),
  ];
  const [left, top] = [Math.floor(px), Math.floor(py)];
  const [right, below] = [inside(left + 1, width), inside(top + 1, height)];
  const [dx, dy] = [px - left, py - top];
  return (
    (at(top * width + left) * (1 - dx) + at(top * width + right) * dx) * (1 - dy) +
    (at(below * width + left) * (1 - dx) + at(below * width + right) * dx) * dy
  );
}

async function cpuOf<T>(work: () => Promise<T>): Promise<{ found: T; ms: number }> {
  const before = process.cpuUsage();
  const found = await work();
  const { user, system } = process.cpuUsage(before);
  return { found, ms: (user + system) / 1000 };
}

async function fitsOf({ pixels }: NucleiImage, object: TrueObject) {
  const { width, height, channels, data } = pixels;
  const channel = (x: number, y: number, c: number) =>
    Math.round(
      between(x, y, width, height, (i) => data[i * channels + Math.min(c, channels - 1)] ?? 0),
    );
  const displayed = (x: number, y: number) =>
    (channel(x, y, 0) << 16) | (channel(x, y, 1) << 8) | channel(x, y, 2);
  const scribbles = new LabelLayer(width * scale, height * scale, NO_SCRIBBLE);
  const { x0, y0, x1, y1 } = object.box;
  const box = { x0: x0 * scale, y0: y0 * scale, x1: x1 * scale, y1: y1 * scale };
  const seen = { displayed, scribbles, value: 1 };
  const prompts = { points: [], box, shape: null };
  const asked = cutRequest(prompts, seen);
  if (asked === null) throw new Error('there is a box');
  const { region, request } = asked;
  const truth = Uint8Array.from({ length: region.width * region.height }, (_, i) => {
    const [x, y] = [region.left + (i % region.width), region.top + Math.floor(i / region.width)];
    return between(x, y, width, height, (at) => object.data[at] ?? 0) >= 0.5 ? 1 : 0;
  });
  const fit = (runs: readonly number[]) => {
    const mask = new Uint8Array(truth.length);
    forEachSpan(runs, region.width, (y, from, to) =>
      mask.fill(1, y * region.width + from, y * region.width + to),
    );
    return iou(mask, truth);
  };
  const { step } = request;
  const coarse = await cpuOf(() => cutHere.out(request, signal));
  const fine = await cpuOf(() => cutShape(asked, seen, { cut: cutHere, signal }));
  const without = coarseShape({ ...region, step, inside: coarse.found.inside });
  const all = flags.all ? cutRequest(prompts, seen, { mostSide: Infinity }) : null;
  const whole =
    all === null ? null : await cpuOf(() => cutShape(all, seen, { cut: cutHere, signal }));
  return {
    step,
    coarse: fit(without.runs),
    fine: fine.found === null ? 0 : fit(fine.found.runs),
    ...{ coarseMs: coarse.ms, borderMs: fine.ms - coarse.ms },
    whole: whole?.found == null ? null : { fit: fit(whole.found.runs), ms: whole.ms },
  };
}

const rows: Row[] = [];
for (const folder of flags.data.split(',')) {
  const images = await nucleiImages(resolve(folder), Number(flags.images));
  const wanted = Math.max(1, Math.ceil(Number(flags.objects) / images.length));
  const found: Awaited<ReturnType<typeof fitsOf>>[] = [];
  for (const image of images) {
    const every = Math.max(1, Math.floor(image.objects.length / wanted));
    const some = image.objects.filter((_, i) => i % every === 0).slice(0, wanted);
    for (const object of some) found.push(await fitsOf(image, object));
  }
  const large = found.filter(({ step }) => step > 1);
  const row = (what: string, fits: readonly number[], ms: readonly number[]): Row => ({
    ...{ data: basename(folder), what, objects: fits.length },
    ...{ mean: mean(fits), median: quantile(fits, 0.5), cpu_ms: quantile(ms, 0.5) },
  });
  const wholes = large.flatMap(({ whole }) => whole ?? []);
  rows.push(
    row(
      'coarse',
      large.map(({ coarse }) => coarse),
      large.map(({ coarseMs }) => coarseMs),
    ),
    row(
      'with its border',
      large.map(({ fine }) => fine),
      large.map(({ borderMs }) => borderMs),
    ),
    ...(wholes.length === 0
      ? []
      : [
          row(
            'all pixels',
            wholes.map(({ fit }) => fit),
            wholes.map(({ ms }) => ms),
          ),
        ]),
  );
  console.log(`steps: ${large.map(({ step }) => step).join(' ')}`);
}
report('cutting out: IoU', rows);
