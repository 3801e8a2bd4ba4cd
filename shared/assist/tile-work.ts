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
  /** The forest of all that is classified from now on. */
  | { readonly type: 'use'; readonly forest: Forest }
  | ({ readonly type: 'classify' } & TileSource)
  /** Another image comes. */
  | { readonly type: 'forget' };

export interface TileClasses {
  /** Index of the most probable class of each pixel of the area, the lowest where equal. */
  readonly classes: Uint8Array;
  /** Sum over the pixels of the entropy of their class shares, as a share of the largest possible. */
  readonly uncertainty: number;
}

export type TileReply =
  | { readonly type: 'sample'; readonly features: Float32Array }
  | { readonly type: 'grow'; readonly forest: Forest }
  | ({ readonly type: 'classify' } & TileClasses)
  | { readonly type: 'done' };

/** Somebody who answers one request after the other. Errors: AppError `internal`, where it has ended. */
export interface TileWorker {
  ask(request: TileRequest): Promise<TileReply>;
  close(): void;
}

export class TileWork {
  readonly #kept = new Map<number, TileFeatures>();
  #forest: Forest | null = null;

  answer(request: TileRequest): TileReply {
    switch (request.type) {
      case 'sample':
        return { type: 'sample', features: this.#sample(request, request.pixels) };
      case 'grow':
        return { type: 'grow', forest: growForest(request.set, request) };
      case 'use':
        this.#forest = request.forest;
        return { type: 'done' };
      case 'classify':
        return { type: 'classify', ...this.#classify(request) };
      case 'forget':
        this.#kept.clear();
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

  #classify(source: TileSource): TileClasses {
    const forest = this.#forest;
    if (forest === null) throw new Error('there is no forest to classify with');
    const features = this.#features(source);
    const width = source.area.x1 - source.area.x0;
    const height = source.area.y1 - source.area.y0;
    const { classCount } = forest;
    const classes = new Uint8Array(width * height);
    const row = new Float32Array(width * features.count);
    const shares = new Float32Array(width * classCount);
    const most = Math.log(classCount);
    let uncertainty = 0;
    for (let y = 0; y < height; y++) {
      features.row(y, row);
      classify(forest, row, { count: width, out: shares });
      for (let x = 0; x < width; x++) {
        let best = 0;
        for (let one = 0; one < classCount; one++) {
          const share = shares[x * classCount + one] ?? 0;
          if (share > (shares[x * classCount + best] ?? 0)) best = one;
          if (share > 0) uncertainty -= (share * Math.log(share)) / most;
        }
        classes[y * width + x] = best;
      }
    }
    return { classes, uncertainty };
  }
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
  return reply.type === 'classify' ? [reply.classes.buffer] : [];
}
