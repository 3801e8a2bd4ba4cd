/**
 * The pixel classifier of scribbles: how good it is after 4, 8 and 16 strokes, and how soon it answers.
 *
 * A simulated annotator draws strokes 4 px wide and up to 30 px long in turn on foreground and background: each begins at
 * a random pixel of its class (from a seed) and goes straight in a random direction while it stays on the class. It looks
 * at the truth alone, so that no classifier is asked where it errs; scikit-learn's forest on scikit-image's features
 * (`--python`: an interpreter that has both; left out: without it) learns from the same strokes. Dice is of the
 * foreground, a mean over images.
 *
 * usage: scribbles.ts [--data DIR] [--images 20] [--python PATH] [--sizes 512,1024,4096]
 *   DIR holds images/ and masks/ (default: ../shared/data/dsb2018/fluorescence), foreground where a mask is not black.
 * Times are of one grey image of each size, with as many threads as processor cores: the first proposal, the next one
 * after another stroke, until the 512 × 512 px in its middle are there (in view alone), and until all of the image has been
 * glanced at (all in view); CPU time of all threads; `peak_mib`: memory of the process with its threads.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { classifyImage } from '../../engine/assist/classify-image.ts';
import { withTileThreads } from '../../engine/assist/tile-threads.ts';
import { decodeImage } from '../../engine/data/decode.ts';
import { openFile } from '../../engine/data/image-file.ts';
import { growTogether, ImageClassifier } from '../../shared/assist/image-classifier.ts';
import {
  FOREST_SEED,
  NO_SCRIBBLE,
  scribbledPixels,
  scribbledSet,
  type TileSamples,
} from '../../shared/assist/scribbled.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import type { ImagePixels } from '../../shared/display.ts';
import { createRandom } from '../../shared/random.ts';
import { report, type Row, runPeer } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/dsb2018/fluorescence' },
    images: { type: 'string', default: '20' },
    python: { type: 'string' },
    sizes: { type: 'string', default: '512,1024,4096' },
  },
});
const COUNTS = [4, 8, 16] as const;
const STROKE = { widthPx: 4, lengthPx: 30 };
const KEEP_BYTES = 320 * 2 ** 20;

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const read = async (path: string): Promise<ImagePixels> =>
  decodeImage(await openFile(path, 0), { subject: path });

function truthOf({ width, height, channels, data }: ImagePixels): Plane {
  const own = Uint8Array.from({ length: width * height }, (_, i) =>
    data.subarray(i * channels, (i + 1) * channels).some((value) => value > 0) ? 1 : 0,
  );
  return { width, height, data: own };
}

/** Strokes one after the other, each on top of those before. */
function* strokesOn({ width, height, data }: Plane, seed: number): Generator<Uint8Array> {
  const drawn = new Uint8Array(data.length).fill(NO_SCRIBBLE);
  for (let stroke = 0; ; stroke++) {
    const random = createRandom(seed, 'stroke', stroke);
    const value = stroke % 2 === 0 ? 1 : 0;
    const own = [...data.keys()].filter((i) => data[i] === value);
    const start = own[random.below(Math.max(1, own.length))] ?? 0;
    const angle = random.uniform(0, 2 * Math.PI);
    for (let far = 0; far < STROKE.lengthPx; far++) {
      const x = (start % width) + far * Math.cos(angle);
      const y = Math.floor(start / width) + far * Math.sin(angle);
      const at = Math.floor(y) * width + Math.floor(x);
      if (x < 0 || y < 0 || x >= width || y >= height || data[at] !== value) break;
      const reach = STROKE.widthPx / 2;
      for (let dy = -reach; dy < reach; dy++) {
        for (let dx = -reach; dx < reach; dx++) {
          const [px, py] = [Math.floor(x + dx), Math.floor(y + dy)];
          const on = py * width + px;
          if (px >= 0 && py >= 0 && px < width && py < height && data[on] === value)
            drawn[on] = value;
        }
      }
    }
    yield drawn.slice();
  }
}

async function forestOf(
  classifier: ImageClassifier,
  strokes: Plane,
  workers: readonly TileWorker[],
) {
  const parts: TileSamples[] = [];
  for (let tile = 0; tile < classifier.tileCount; tile++) {
    const { x0, y0, x1, y1 } = classifier.areaOf(tile);
    const size = { width: x1 - x0, height: y1 - y0, stride: strokes.width };
    const found = scribbledPixels(strokes.data.subarray(y0 * strokes.width + x0), size);
    if (found.pixels.length === 0) continue;
    parts.push({ features: await classifier.sample(tile, found.pixels), values: found.values });
  }
  const set = scribbledSet(parts, classifier.featureCount);
  return { forest: await growTogether(workers, set, { seed: FOREST_SEED }), values: set.values };
}

function dice(found: Uint8Array, { data }: Plane): number {
  let [both, either] = [0, 0];
  data.forEach((value, i) => {
    either += value + (found[i] === 1 ? 1 : 0);
    both += value === 1 && found[i] === 1 ? 1 : 0;
  });
  return either === 0 ? 1 : (2 * both) / either;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, one) => sum + one, 0) / values.length;
const { signal } = new AbortController();

async function quality(workers: readonly TileWorker[]): Promise<Row[]> {
  const data = resolve(flags.data);
  const names = readdirSync(join(data, 'images')).sort().slice(0, Number(flags.images));
  const folder = mkdtempSync(join(tmpdir(), 'graft-scribbles-'));
  const ours = COUNTS.map((): number[] => []);
  const peers: { truth: Plane; out: string[] }[] = [];
  const list: { image: string; strokes: string[]; out: string[] }[] = [];
  for (const [index, name] of names.entries()) {
    const image = join(data, 'images', name);
    const pixels = await read(image);
    const truth = truthOf(await read(join(data, 'masks', name)));
    const { width, height } = truth;
    const classifier = new ImageClassifier({ pixels, workers, keepBytes: 0 });
    const entry = { image, strokes: [] as string[], out: [] as string[] };
    let count = 0;
    for (const strokes of strokesOn(truth, index)) {
      count++;
      const at = COUNTS.findIndex((one) => one === count);
      if (at >= 0) {
        const { forest, values } = await forestOf(classifier, { ...truth, data: strokes }, workers);
        const { map } = await classifyImage(pixels, { forest, values, workers, signal });
        ours[at]?.push(dice(map.data, truth));
        const path = join(folder, `${index}-${count}.png`);
        writeFileSync(path, encode({ width, height, channels: 1, depth: 8, data: strokes }));
        entry.strokes.push(path);
        entry.out.push(join(folder, `${index}-${count}-out.png`));
      }
      if (count === COUNTS.at(-1)) break;
    }
    list.push(entry);
    peers.push({ truth, out: entry.out });
  }
  const theirs: (number[] | null)[] = COUNTS.map(() => null);
  if (flags.python !== undefined) {
    writeFileSync(join(folder, 'list.json'), JSON.stringify(list));
    console.log(JSON.stringify(runPeer(flags.python, 'scribbles.py', [join(folder, 'list.json')])));
    for (const [at] of COUNTS.entries()) {
      const found: number[] = [];
      for (const { truth, out } of peers) {
        const map = await read(out[at] ?? '');
        found.push(dice(Uint8Array.from(map.data), truth));
      }
      theirs[at] = found;
    }
  }
  rmSync(folder, { recursive: true });
  return COUNTS.map((strokes, at) => {
    const their = theirs[at];
    return {
      ...{ strokes, images: names.length, graft: mean(ours[at] ?? []) },
      ...(their == null ? {} : { scikit: mean(their) }),
    };
  });
}

/** Waves and noise, and a stroke on the bright and on the dark. */
async function times(size: number, workers: readonly TileWorker[]): Promise<Row[]> {
  const random = createRandom(1, 'picture');
  const data = Uint8Array.from(
    { length: size * size },
    (_, i) =>
      100 + 60 * Math.sin((i % size) / 9) * Math.cos(Math.floor(i / size) / 7) + 20 * random.next(),
  );
  const pixels: ImagePixels = { width: size, height: size, channels: 1, bitDepth: 8, data };
  const truth = { width: size, height: size, data: data.map((value) => (value > 115 ? 1 : 0)) };
  const classifier = new ImageClassifier({ pixels, workers, keepBytes: KEEP_BYTES });
  await classifier.forget();
  const middle = { x0: size / 2 - 256, y0: size / 2 - 256, x1: size / 2 + 256, y1: size / 2 + 256 };
  const seen = new Set(
    classifier.order(middle).filter((tile) => {
      const { x0, y0, x1, y1 } = classifier.areaOf(tile);
      return x0 < middle.x1 && middle.x0 < x1 && y0 < middle.y1 && middle.y0 < y1;
    }),
  );
  const propose = async (strokes: Uint8Array, view: typeof middle) => {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const { forest } = await forestOf(classifier, { ...truth, data: strokes }, workers);
    const grownMs = performance.now() - start;
    const glance = classifier.glance(view);
    let left = seen.size;
    let glances = glance?.tiles.length ?? 0;
    let [visibleMs, glancedMs] = [0, 0];
    await classifier.classify(forest, {
      ...{ tiles: classifier.order(view), glance, signal },
      onGlance() {
        if (--glances === 0) glancedMs = performance.now() - start;
      },
      onTile(tile) {
        if (seen.has(tile) && --left === 0) visibleMs = performance.now() - start;
      },
    });
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, grownMs, visibleMs, glancedMs, cpuMs: (user + system) / 1000 };
  };
  const drawing = strokesOn(truth, 1);
  const next = () => drawing.next().value as Uint8Array;
  for (let i = 0; i < 6; i++) next();
  const all = { x0: 0, y0: 0, x1: size, y1: size };
  const rows: [string, typeof middle][] = [
    ['first, all in view', all],
    ['next, all in view', all],
    ['next, 512² in view', middle],
  ];
  const found: Row[] = [];
  for (const [what, view] of rows) {
    const { ms, grownMs, visibleMs, glancedMs, cpuMs } = await propose(next(), view);
    found.push({
      ...{ size, threads: workers.length, what, trees_ms: grownMs, glanced_ms: glancedMs },
      ...{ middle_ms: visibleMs, ms, cpu_ms: cpuMs },
      // Of all sizes so far, threads and what was decoded included.
      peak_mib: Math.round(process.resourceUsage().maxRSS / 1024),
    });
  }
  return found;
}

await withTileThreads(async (workers) => {
  if (Number(flags.images) > 0) report('scribbles: Dice', await quality(workers));
  const rows: Row[] = [];
  for (const size of flags.sizes.split(',').filter((one) => one !== '')) {
    rows.push(...(await times(Number(size), workers)));
  }
  report('scribbles: milliseconds', rows);
});
