import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawView } from '../../../../engine/training/batches/augment.ts';
import { createBatches, createBatchOrder } from '../../../../engine/training/batches/batches.ts';
import { segmentationObjective } from '../../../../engine/training/objectives/segmentation.ts';
import type { Tile } from '../../../../engine/training/images/tiles.ts';
import { IGNORE, NetworkConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';

/** Value and label of every pixel say where it lies: label = class of the column's half. */
function tile(width: number, height: number): Tile {
  const length = width * height;
  return {
    imageId: 1,
    name: 'ramp',
    width,
    height,
    channels: 1,
    data: Float32Array.from({ length }, (_, i) => (i % width) / width),
    labels: Uint8Array.from({ length }, (_, i) => ((i % width) * 2 < width ? 0 : 1)),
    imageClass: 3,
  };
}

describe('the order of batches', () => {
  it('uses every image equally often in any run of whole epochs, whatever the batch size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 5 }),
        (count, batch, seed) => {
          // `count` steps of `batch` are `batch` epochs.
          const uses = new Array<number>(count).fill(0);
          const orderAt = createBatchOrder({ seed, count, batch });
          for (let step = 1; step <= count; step++) {
            for (const i of orderAt(step)) uses[i] = (uses[i] ?? 0) + 1;
          }
          expect(uses).toEqual(new Array<number>(count).fill(batch));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('depends on seed and step alone, and is another one in the next epoch', () => {
    const at = (step: number, seed = 1) => createBatchOrder({ seed, count: 16, batch: 16 })(step);
    expect(at(3)).toEqual(at(3));
    expect(at(1)).not.toEqual(at(2));
    expect(at(1)).not.toEqual(at(1, 2));
  });
});

describe('a view', () => {
  it('of a dark image stays one, where changes go by its spread', () => {
    const ramp = tile(32, 32);
    const dark = { ...ramp, data: ramp.data.map((value) => (value < 0.5 ? 0.02 : 0.1)) };
    /** Of 40 views, the least that separates the brightest from the darkest pixels. */
    const leastContrast = (augment: true | 'by-spread') =>
      Math.min(
        ...Array.from({ length: 40 }, (_, seed) => {
          const { pixels } = drawView(dark, { sizePx: 32, augment }, createRandom(seed));
          const sorted = pixels.toSorted();
          return (sorted.at(-100) ?? 0) - (sorted[100] ?? 0);
        }),
      );
    expect(leastContrast('by-spread')).toBeGreaterThan(0.04);
    expect(leastContrast(true)).toBeLessThan(0.03);
  });

  it('is the tile itself without augmentation', () => {
    const whole = tile(16, 16);
    const view = drawView(whole, { sizePx: 16, augment: false }, createRandom(1));
    expect(view.pixels).toEqual(whole.data);
    expect(view.labels).toEqual(whole.labels);
    expect(view.imageClass).toBe(3);
  });

  it('is a crop of a larger tile, and a reflected smaller one with its surroundings ignored', () => {
    const crop = drawView(tile(64, 48), { sizePx: 16, augment: false }, createRandom(1));
    const row = crop.pixels.subarray(0, 16);
    row.forEach((v, x) => expect(v).toBeCloseTo((row[0] ?? 0) + x / 64, 5));
    expect(crop.labels).not.toContain(IGNORE);

    const small = drawView(tile(8, 8), { sizePx: 16, augment: false }, createRandom(1));
    const counted = small.labels?.filter((v) => v !== IGNORE) ?? [];
    expect(counted.length).toBe(64);
    expect(Math.min(...small.pixels)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...small.pixels)).toBeLessThan(1);
  });

  it('keeps labels on their pixels through flips, turns and scaling', () => {
    const pattern = tile(32, 32);
    for (let i = 0; i < 40; i++) {
      const view = drawView(pattern, { sizePx: 32, augment: true }, createRandom(i, 'view'));
      // Brightness and contrast change values, never their order: class 1 is the brighter half.
      const of = (label: number) => [...view.pixels].filter((_, p) => view.labels?.[p] === label);
      const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
      expect(mean(of(1)) - mean(of(0))).toBeGreaterThan(0.2);
      expect(view.pixels.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  it('reaches all eight flips and turns', () => {
    const corners = new Set<string>();
    const asymmetric = { ...tile(32, 32), data: new Float32Array(1024) };
    for (let i = 0; i < 1024; i++) asymmetric.data[i] = (i % 32) / 64 + Math.floor(i / 32) / 200;
    for (let i = 0; i < 200; i++) {
      const { pixels } = drawView(asymmetric, { sizePx: 32, augment: true }, createRandom(i));
      const order = [0, 31, 992, 1023].sort((a, b) => (pixels[a] ?? 0) - (pixels[b] ?? 0));
      corners.add(order.join());
    }
    expect(corners.size).toBe(8);
  });

  it('is the same for the same stream and another for another', () => {
    const draw = (seed: number) =>
      drawView(tile(32, 32), { sizePx: 32, augment: true }, createRandom(seed)).pixels;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});

it('fills every sample of a batch, and counts no pixel of an image without labels', () => {
  const network = NetworkConfig.parse({ depth: 1, base: 2 });
  const objective = segmentationObjective({ network, sizePx: 16, classes: 2 });
  const unlabelled = { ...tile(16, 16), labels: null };
  const options = { objective, sizePx: 16, augment: false, batch: 2, seed: 0 };
  const batch = createBatches({ ...options, tiles: [tile(16, 16), unlabelled] })(1);
  expect(batch.inputs.get('image')?.length).toBe(2 * 256);
  const labels = [...(batch.inputs.get('labels') ?? [])];
  const ignored = [labels.slice(0, 256), labels.slice(256)].map(
    (own) => own.filter((label) => label === IGNORE).length,
  );
  expect(ignored.sort((a, b) => a - b)).toEqual([0, 256]);
});
