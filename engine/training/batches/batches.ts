/**
 * The batch of every step, addressed by (seed, step): nothing that matters is carried from one to the next, so a
 * resumed run continues with exactly the batches that it would have seen.
 */
import { createRandom } from '../../../shared/random.ts';
import { type Augmentation, drawView } from './augment.ts';
import type { Objective, SampleSlots, SampleSource } from '../objectives/objective.ts';
import type { AnyTile } from '../images/tiles.ts';

export interface Batch {
  readonly size: number;
  /** By name of the objective's InputSpec: [size, …shape]. */
  readonly inputs: ReadonlyMap<string, Float32Array | Int32Array>;
}

/**
 * Which of `count` images fill step 1, 2, …: one shuffled order after another, without gaps, so that every image comes
 * up equally often whatever the batch size, also where it exceeds the number of images.
 */
export function createBatchOrder(options: {
  readonly seed: number;
  readonly count: number;
  readonly batch: number;
}): (step: number) => number[] {
  const { seed, count, batch } = options;
  const all = Array.from({ length: count }, (_, i) => i);
  // Only saves work: an order depends on seed and epoch alone.
  let known = { epoch: -1, order: all };
  return (step) =>
    Array.from({ length: batch }, (_, slot) => {
      const position = (step - 1) * batch + slot;
      const epoch = Math.floor(position / count);
      if (known.epoch !== epoch) {
        known = { epoch, order: createRandom(seed, 'order', epoch).shuffled(all) };
      }
      return known.order[position % count] ?? 0;
    });
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** One sample's share of a batch's inputs. */
export function sampleOf({ size, inputs }: Batch, index: number): SampleSlots {
  const share = (name: string) => {
    const array = inputs.get(name);
    if (array === undefined) throw new Error(`the objective has no input ${name}`);
    const length = array.length / size;
    return array.subarray(index * length, (index + 1) * length);
  };
  return {
    floats(name) {
      const array = share(name);
      if (array instanceof Float32Array) return array;
      throw new Error(`input ${name} is not float32`);
    },
    integers(name) {
      const array = share(name);
      if (array instanceof Int32Array) return array;
      throw new Error(`input ${name} is not int32`);
    },
  };
}

/** Empty arrays for a batch. */
function allocate(objective: Objective, size: number): Batch {
  const inputs = objective.inputs.map(({ name, shape, dtype }) => {
    const length = size * sizeOf(shape);
    return [name, dtype === 'float32' ? new Float32Array(length) : new Int32Array(length)] as const;
  });
  return { size, inputs: new Map(inputs) };
}

export interface BatchOptions {
  readonly objective: Objective;
  readonly sizePx: number;
  readonly augment: Augmentation;
  readonly batch: number;
  readonly seed: number;
}

/** What fills a step (from 1), and the batch once its tiles are there. */
export interface BatchPlan {
  /** Images of the step, by index. [batch] */
  images(step: number): number[];
  /** `tiles`: those of `images(step)`, in that order. */
  fill(step: number, tiles: readonly AnyTile[]): Batch;
}

export function planBatches(options: BatchOptions & { readonly count: number }): BatchPlan {
  const { objective, sizePx, augment, batch, seed, count } = options;
  return {
    images: createBatchOrder({ seed, count, batch }),
    fill(step, tiles) {
      const filled = allocate(objective, batch);
      tiles.forEach((tile, slot) => {
        const random = createRandom(seed, 'augment', step, slot);
        const source: SampleSource = {
          view: (own) => drawView(tile, { sizePx, augment }, own),
          plainView: (own) => drawView(tile, { sizePx, augment: false }, own),
        };
        objective.prepare(source, random, sampleOf(filled, slot));
      });
      return filled;
    },
  };
}

/** The batch of each step (from 1) where all tiles are at hand. */
export function createBatches(
  options: BatchOptions & { readonly tiles: readonly AnyTile[] },
): (step: number) => Batch {
  const { tiles } = options;
  const plan = planBatches({ ...options, count: tiles.length });
  return (step) => {
    const own = plan.images(step).flatMap((index) => tiles[index] ?? []);
    if (own.length === 0) throw new Error('a batch needs at least one image');
    return plan.fill(step, own);
  };
}
