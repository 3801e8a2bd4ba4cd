/**
 * What a worker of the pixel classifier does, wherever it runs: a thread of the window, of the engine, or none. It holds
 * features of tiles and a forest, and answers one request after the other.
 */
import { messageOf } from '../errors.ts';
import type { Area, SampleRegion } from './region.ts';
import { TileFeatures } from './features.ts';
import { classify, type Forest, growForest, type TrainingSet } from './forest.ts';

/** A tile of the image, and what its features are computed from where the worker does not hold them. */
interface TileSource {
  readonly tile: number;
  readonly area: Area;
  readonly region: SampleRegion | null;
  /** Whether its features are to be held. */
  readonly keep: boolean;
}

export type TileRequest =
  /** Features of some pixels; each counted row by row from the first of the area. */
  | ({ readonly type: 'sample'; readonly pixels: Int32Array } & TileSource)
  /** Trees from `from` up to `to` of the forest of a seed. */
  | {
      readonly type: 'grow';
      readonly set: TrainingSet;
      readonly seed: number;
      readonly from: number;
      readonly to: number;
    }
  /** The forest of all that is classified from now on; `weights`: how much a vote for each class counts, 1 where it is left out. */
  | { readonly type: 'use'; readonly forest: Forest; readonly weights: readonly number[] }
  | ({ readonly type: 'classify' } & TileSource)
  /** The pixel in the middle of every so many; `hold`: its features are held, whatever becomes of the others. */
  | ({ readonly type: 'glance'; readonly every: number; readonly hold: boolean } & TileSource)
  /** Another image comes. */
  | { readonly type: 'forget' };

export interface TileClasses {
  /** Index of the class of each pixel of the area with most votes as they count, the lowest where equal. */
  readonly classes: Uint8Array;
  /** Sum over the pixels of the entropy of their class shares, as a share of the largest possible. */
  readonly uncertainty: number;
}

export type TileReply =
  | { readonly type: 'sample'; readonly features: Float32Array }
  | { readonly type: 'grow'; readonly forest: Forest }
  | ({ readonly type: 'classify' } & TileClasses)
  /** Of blocks of `every` × `every` pixels, those at the far edges cut off. [rows, columns] */
  | { readonly type: 'glance'; readonly classes: Uint8Array }
  | { readonly type: 'done' };

/** Somebody who answers one request after the other. Errors: AppError `internal`, where it has ended. */
export interface TileWorker {
  ask(request: TileRequest): Promise<TileReply>;
  close(): void;
}

export class TileWork {
  readonly #kept = new Map<number, TileFeatures>();
  /** Features of every so many-th pixel of tiles, as a glance wants them. */
  readonly #glances = new Map<number, { readonly every: number; readonly samples: Float32Array }>();
  #forest: Forest | null = null;
  #weights: readonly number[] = [];

  answer(request: TileRequest): TileReply {
    switch (request.type) {
      case 'sample':
        return { type: 'sample', features: this.#sample(request, request.pixels) };
      case 'grow':
        return { type: 'grow', forest: growForest(request.set, request) };
      case 'use':
        this.#forest = request.forest;
        this.#weights = request.weights;
        return { type: 'done' };
      case 'classify':
        return { type: 'classify', ...this.#classify(request) };
      case 'glance':
        return { type: 'glance', classes: this.#glance(request) };
      case 'forget':
        this.#kept.clear();
        this.#glances.clear();
        return { type: 'done' };
    }
  }

  #features({ tile, area, region, keep }: TileSource): TileFeatures {
    const found = this.#kept.get(tile);
    if (found !== undefined) return found;
    if (region === null) throw new Error(`the features of tile ${tile} are not held`);
    const features = new TileFeatures(area, region);
    if (keep) this.#kept.set(tile, features);
    return features;
  }

  #sample(source: TileSource, pixels: Int32Array): Float32Array {
    const features = this.#features(source);
    const width = source.area.x1 - source.area.x0;
    const out = new Float32Array(pixels.length * features.count);
    pixels.forEach((pixel, i) =>
      features.pixel(pixel % width, Math.floor(pixel / width), out, i * features.count),
    );
    return out;
  }

  get #used(): Forest {
    if (this.#forest === null) throw new Error('there is no forest to classify with');
    return this.#forest;
  }

  #weightsOf(classCount: number): Float64Array {
    return Float64Array.from({ length: classCount }, (_, one) => this.#weights[one] ?? 1);
  }

  #glance({
    every,
    hold,
    ...source
  }: TileSource & { readonly every: number; readonly hold: boolean }): Uint8Array {
    const forest = this.#used;
    const { tile } = source;
    const held = this.#glances.get(tile);
    const samples = held?.every === every ? held.samples : this.#glanced(source, every);
    if (hold) this.#glances.set(tile, { every, samples });
    else this.#glances.delete(tile);
    const { featureCount, classCount } = forest;
    const count = samples.length / featureCount;
    const shares = new Float32Array(count * classCount);
    // Classifying uses samples up.
    classify(forest, hold ? samples.slice() : samples, { count, out: shares });
    const weights = this.#weightsOf(classCount);
    return Uint8Array.from({ length: count }, (_, i) => best(shares, i, weights));
  }

  #glanced(source: TileSource, every: number): Float32Array {
    const features = this.#features(source);
    const { count } = features;
    const [width, height] = [source.area.x1 - source.area.x0, source.area.y1 - source.area.y0];
    const [columns, rows] = [Math.ceil(width / every), Math.ceil(height / every)];
    const row = new Float32Array(width * count);
    const samples = new Float32Array(columns * rows * count);
    const middle = (block: number, side: number) =>
      Math.min(side - 1, block * every + (every >> 1));
    for (let y = 0, to = 0; y < rows; y++) {
      features.row(middle(y, height), row);
      for (let x = 0; x < columns; x++, to += count) {
        const from = middle(x, width) * count;
        for (let i = 0; i < count; i++) samples[to + i] = row[from + i] ?? 0;
      }
    }
    return samples;
  }

  #classify(source: TileSource): TileClasses {
    const forest = this.#used;
    const features = this.#features(source);
    const width = source.area.x1 - source.area.x0;
    const height = source.area.y1 - source.area.y0;
    const { classCount } = forest;
    const classes = new Uint8Array(width * height);
    const row = new Float32Array(width * features.count);
    const shares = new Float32Array(width * classCount);
    const weights = this.#weightsOf(classCount);
    const most = Math.log(classCount);
    let uncertainty = 0;
    for (let y = 0; y < height; y++) {
      features.row(y, row);
      classify(forest, row, { count: width, out: shares });
      for (let x = 0; x < width; x++) {
        for (let one = 0; one < classCount; one++) {
          const share = shares[x * classCount + one] ?? 0;
          if (share > 0) uncertainty -= (share * Math.log(share)) / most;
        }
        classes[y * width + x] = best(shares, x, weights);
      }
    }
    return { classes, uncertainty };
  }
}

/** Which class has the largest share of a sample, as it counts, the lowest where equal. `shares`: [samples, classes] */
function best(shares: Float32Array, sample: number, weights: Float64Array): number {
  const classCount = weights.length;
  const first = sample * classCount;
  let [found, most] = [0, -1];
  for (let one = 0; one < classCount; one++) {
    const counted = (shares[first + one] ?? 0) * (weights[one] ?? 1);
    if (counted <= most) continue;
    found = one;
    most = counted;
  }
  return found;
}

/** For where nobody waits at a screen, and for tests. */
export function workHere(): TileWorker {
  const work = new TileWork();
  return {
    ask: (request) => new Promise((resolve) => resolve(work.answer(request))),
    close: () => undefined,
  };
}

/** What comes back of a thread, in the order of the questions. */
export type TileAnswer = { readonly reply: TileReply } | { readonly failed: string };

/** Answers a question in a thread. `transfer`: what the thread gives away with the answer. */
export function answered(
  work: TileWork,
  request: TileRequest,
): { readonly answer: TileAnswer; readonly transfer: ArrayBuffer[] } {
  try {
    const reply = work.answer(request);
    return { answer: { reply }, transfer: buffersOf(reply) as ArrayBuffer[] };
  } catch (error) {
    return { answer: { failed: messageOf(error) }, transfer: [] };
  }
}

function buffersOf(reply: TileReply): ArrayBufferLike[] {
  if (reply.type === 'sample') return [reply.features.buffer];
  return 'classes' in reply ? [reply.classes.buffer] : [];
}
