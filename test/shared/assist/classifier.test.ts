/** Scribbles to every pixel: what comes out depends on the image and the strokes alone. */
import { expect, it } from 'vitest';
import { classifyImage } from '../../../engine/assist/classify-image.ts';
import { regionNeeded } from '../../../shared/assist/features.ts';
import type { Forest } from '../../../shared/assist/forest.ts';
import { growTogether, ImageClassifier } from '../../../shared/assist/image-classifier.ts';
import { cutRegion } from '../../../shared/assist/region.ts';
import {
  FOREST_SEED,
  NO_SCRIBBLE,
  scribbledPixels,
  scribbledSet,
  type TileSamples,
} from '../../../shared/assist/scribbled.ts';
import { TileWork, type TileWorker, workHere } from '../../../shared/assist/tile-work.ts';
import type { ImagePixels } from '../../../shared/display.ts';
import { createRandom } from '../../../shared/random.ts';

const [WIDTH, HEIGHT] = [300, 270];
const random = createRandom(1, 'waves');
const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
  const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
  return 110 + 60 * Math.sin(x / 9) * Math.cos(y / 7) + 30 * random.next();
});
const waves: ImagePixels = { width: WIDTH, height: HEIGHT, channels: 1, bitDepth: 8, data };
/** Across borders of tiles, one bright, one dark. */
const strokes = new Uint8Array(WIDTH * HEIGHT).fill(NO_SCRIBBLE);
for (let x = 240; x < 280; x++) {
  for (let y = 250; y < 262; y++) {
    const at = y * WIDTH + x;
    strokes[at] = (data[at] ?? 0) > 125 ? 4 : 2;
  }
}

const workers = (count: number): TileWorker[] => Array.from({ length: count }, () => workHere());

async function learned(pixels: ImagePixels, own: readonly TileWorker[]) {
  const classifier = new ImageClassifier({ pixels, workers: own, keepBytes: 0 });
  const parts: TileSamples[] = [];
  for (let tile = 0; tile < classifier.tileCount; tile++) {
    const { x0, y0, x1, y1 } = classifier.areaOf(tile);
    const size = { width: x1 - x0, height: y1 - y0, stride: WIDTH };
    const found = scribbledPixels(strokes.subarray(y0 * WIDTH + x0), size);
    if (found.pixels.length === 0) continue;
    parts.push({ features: await classifier.sample(tile, found.pixels), values: found.values });
  }
  const set = scribbledSet(parts, classifier.featureCount);
  return { forest: await growTogether(own, set, { seed: FOREST_SEED }), values: set.values };
}

const { signal } = new AbortController();
const mapOf = async (
  pixels: ImagePixels,
  options: { forest: Forest; values: readonly number[]; workers: readonly TileWorker[] },
) => (await classifyImage(pixels, { ...options, signal })).map.data;

it('has the same bits whatever the tiles and however many workers there are', async () => {
  const [one, three] = [workers(1), workers(3)];
  const { forest, values } = await learned(waves, one);
  const map = await mapOf(waves, { forest, values, workers: one });
  expect(new Set(map)).toEqual(new Set([2, 4]));

  const again = await learned(waves, three);
  expect(again).toEqual({ forest, values });
  expect(await mapOf(waves, { forest, values, workers: three })).toEqual(map);

  // All of it as one tile.
  const area = { x0: 0, y0: 0, x1: WIDTH, y1: HEIGHT };
  const work = new TileWork();
  work.answer({ type: 'use', forest, weights: [] });
  const region = cutRegion(waves, regionNeeded(area));
  const whole = work.answer({ type: 'classify', tile: 0, area, region, keep: false });
  if (whole.type !== 'classify') expect.fail('another question was answered');
  expect(whole.classes.map((index) => values[index] ?? 0)).toEqual(map);
});

it('counts votes for a class more or less, by its index, and no votes otherwise', async () => {
  const own = workers(2);
  const { forest } = await learned(waves, own);
  const classifier = new ImageClassifier({ pixels: waves, workers: own, keepBytes: 0 });
  const counts = async (weights: readonly number[]) => {
    const found = new Map<number, Uint8Array>();
    await classifier.classify(forest, {
      ...{ tiles: [0], signal, weights },
      onTile: (tile, { classes }) => found.set(tile, classes),
    });
    const classes = found.get(0);
    return [0, 1].map((index) => classes?.filter((one) => one === index).length ?? 0);
  };
  const [first = 0, second = 0] = await counts([]);
  expect(await counts([1, 1])).toEqual([first, second]);
  expect(await counts([3, 3])).toEqual([first, second]);
  expect((await counts([1, 3]))[1]).toBeGreaterThan(second);
  expect((await counts([3, 1]))[0]).toBeGreaterThan(first);
  // What is not seen as a class by any tree is not, however much that counts.
  expect((await counts([1, 1e9]))[1]).toBeLessThan(first + second);
});

it('answers an image of one colour with one class, and says that it does not know', async () => {
  const flat: ImagePixels = { ...waves, data: new Uint8Array(WIDTH * HEIGHT).fill(70) };
  const own = workers(2);
  const { forest, values } = await learned(flat, own);
  const { map, uncertainty } = await classifyImage(flat, {
    ...{ forest, values, workers: own, signal },
  });
  expect(new Set(map.data).size).toBe(1);
  expect(uncertainty).toBeGreaterThan(0.9);
});

it('glances at some pixels of what is in view before it classifies all, and sees the same there, held or not', async () => {
  const own = workers(2);
  const { forest } = await learned(waves, own);
  const view = { x0: 0, y0: 0, x1: WIDTH, y1: HEIGHT };
  // Nothing is held; glances alone are; all features are.
  for (const keepBytes of [0, 2 ** 22, 2 ** 26]) {
    const classifier = new ImageClassifier({ pixels: waves, workers: own, keepBytes });
    await classifier.forget();
    expect(classifier.glance(view)).toBeNull();
    const glances = new Map<number, Uint8Array>();
    const isFirst: boolean[] = [];
    for (const every of [4, 4, 8]) {
      glances.clear();
      const whole = new Map<number, Uint8Array>();
      await classifier.classify(forest, {
        ...{ tiles: classifier.order(view), glance: { tiles: [3, 0, 1], every }, signal },
        onGlance: (tile, classes) => {
          isFirst.push(!whole.has(tile));
          glances.set(tile, classes);
        },
        onTile: (tile, { classes }) => whole.set(tile, classes),
      });
      expect(isFirst).not.toContain(false);
      expect([...glances.keys()].sort()).toEqual([0, 1, 3]);
      for (const [tile, seen] of glances) {
        const { x0, y0, x1, y1 } = classifier.areaOf(tile);
        const [width, height] = [x1 - x0, y1 - y0];
        const columns = Math.ceil(width / every);
        expect(seen).toHaveLength(columns * Math.ceil(height / every));
        seen.forEach((index, i) => {
          const x = Math.min(width - 1, (i % columns) * every + every / 2);
          const y = Math.min(height - 1, Math.floor(i / columns) * every + every / 2);
          expect(index, `${tile}: ${x} ${y}`).toBe(whole.get(tile)?.[y * width + x]);
        });
      }
    }
  }
});

it('glances at fewer pixels the more there is in view', () => {
  const large = (side: number) => {
    const pixels: ImagePixels = {
      ...{ width: side, height: side, channels: 1, bitDepth: 8, data: new Uint8Array() },
    };
    return new ImageClassifier({ pixels, workers: [], keepBytes: 0 });
  };
  const all = (side: number) => ({ x0: 0, y0: 0, x1: side, y1: side });
  expect(large(1024).glance(all(1024))).toBeNull();
  expect(large(4096).glance(all(4096))).toMatchObject({ every: 4 });
  expect(large(4096).glance(all(4096))?.tiles).toHaveLength(256);
  expect(large(4096).glance(all(700))).toBeNull();
  expect(large(16_384).glance(all(16_384))?.every).toBe(16);
});
