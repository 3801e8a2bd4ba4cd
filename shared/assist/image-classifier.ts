/**
 * The pixel classifier of one image: which tile is whose work, in which order, and which features are held. Workers do
 * the rest (tile-work.ts). What comes out depends neither on the tiles nor on the number of workers.
 */
import type { ImagePixels } from '../display.ts';
import { AppError } from '../errors.ts';
import { TILE_PX } from '../tiles.ts';
import { featureCount, regionNeeded } from './features.ts';
import { type Forest, joinForests, TREES, type TrainingSet } from './forest.ts';
import { type Area, cutRegion } from './region.ts';
import type { TileClasses, TileReply, TileRequest, TileWorker } from './tile-work.ts';

/** Rough bytes of the features of a tile and channel: sample and one scale at full size, the others at a part of it. */
const TILE_BYTES = 4 * 9.8 * TILE_PX ** 2;

type ReplyOf<T extends TileRequest['type']> = Extract<TileReply, { type: T }>;

/** Pixels that a glance classifies at most: a quarter of a second of one processor core. */
const GLANCE_PIXELS = 2 ** 20;
/** Blocks of a tile are no larger. */
const LARGEST_BLOCK = 16;
/** Of what may be held, where not all of an image can be: features of glances. */
const GLANCE_SHARE = 1 / 3;

/** What of an image is looked at before all of its pixels are: some of each tile in view. */
export interface Glance {
  readonly tiles: readonly number[];
  /** One pixel of so many in a row, and of so many rows; a power of two. */
  readonly every: number;
}

async function ask<T extends 'sample' | 'grow' | 'classify' | 'glance'>(
  worker: TileWorker,
  request: TileRequest & { readonly type: T },
): Promise<ReplyOf<T>> {
  const reply = await worker.ask(request);
  if (reply.type !== request.type) throw new Error(`${request.type} was answered by ${reply.type}`);
  return reply as ReplyOf<T>;
}

const touches = (a: Area, b: Area) => a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;

/** Each worker grows a share of the trees. */
export async function growTogether(
  workers: readonly TileWorker[],
  set: TrainingSet,
  { seed }: { readonly seed: number },
): Promise<Forest> {
  const border = (i: number) => Math.round((i * TREES) / workers.length);
  const parts = await Promise.all(
    workers.map((worker, i) =>
      ask(worker, { type: 'grow', set, seed, from: border(i), to: border(i + 1) }),
    ),
  );
  return joinForests(parts.map(({ forest }) => forest));
}

export class ImageClassifier {
  readonly columns: number;
  readonly rows: number;
  readonly #pixels: ImagePixels;
  readonly #workers: readonly TileWorker[];
  /** Tiles whose features are held. */
  readonly #kept = new Set<number>();
  readonly #mostKept: number;
  /** Tiles of which a glance is held, and how fine it is. */
  readonly #glances = new Map<number, number>();
  #glanceBytesLeft: number;

  /** Takes the workers over from the image before. `keepBytes`: of features that all of them may hold. */
  constructor(options: {
    readonly pixels: ImagePixels;
    readonly workers: readonly TileWorker[];
    readonly keepBytes: number;
  }) {
    const { pixels, workers, keepBytes } = options;
    this.#pixels = pixels;
    this.#workers = workers;
    this.columns = Math.ceil(pixels.width / TILE_PX);
    this.rows = Math.ceil(pixels.height / TILE_PX);
    const tileBytes = TILE_BYTES * pixels.channels;
    const isAllKept = this.tileCount * tileBytes <= keepBytes;
    this.#glanceBytesLeft = isAllKept ? 0 : Math.floor(keepBytes * GLANCE_SHARE);
    this.#mostKept = Math.floor((keepBytes - this.#glanceBytesLeft) / tileBytes);
  }

  /** Numbers that a pixel has. */
  get featureCount(): number {
    return featureCount(this.#pixels.channels);
  }

  get tileCount(): number {
    return this.columns * this.rows;
  }

  /** To be called before anything of another image is asked. */
  async forget(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ask({ type: 'forget' })));
  }

  areaOf(tile: number): Area {
    const x0 = (tile % this.columns) * TILE_PX;
    const y0 = Math.floor(tile / this.columns) * TILE_PX;
    const { width, height } = this.#pixels;
    return { x0, y0, x1: Math.min(width, x0 + TILE_PX), y1: Math.min(height, y0 + TILE_PX) };
  }

  /**
   * What to look at first, from the middle of the view outwards, where so much is in view that all of it takes longer than
   * somebody waits; null: nothing.
   */
  glance(view: Area): Glance | null {
    const tiles = this.order(view).filter((tile) => touches(this.areaOf(tile), view));
    const pixels = tiles.length * TILE_PX ** 2;
    let every = 1;
    while (pixels > GLANCE_PIXELS * every ** 2 && every < LARGEST_BLOCK) every *= 2;
    return every === 1 ? null : { tiles, every };
  }

  /** All tiles: those that touch `view` first, from its middle outwards; then the others, the nearest first. */
  order(view: Area): number[] {
    const middle = { x: (view.x0 + view.x1) / 2, y: (view.y0 + view.y1) / 2 };
    const tiles = Array.from({ length: this.tileCount }, (_, tile) => {
      const { x0, y0, x1, y1 } = this.areaOf(tile);
      const isSeen = touches({ x0, y0, x1, y1 }, view);
      const far = Math.hypot((x0 + x1) / 2 - middle.x, (y0 + y1) / 2 - middle.y);
      return { tile, isSeen, far };
    });
    tiles.sort((a, b) => Number(b.isSeen) - Number(a.isSeen) || a.far - b.far);
    return tiles.map(({ tile }) => tile);
  }

  /** [pixels, featureCount]; pixels counted row by row from the first of the tile. */
  async sample(tile: number, pixels: Int32Array): Promise<Float32Array> {
    const { features } = await ask(this.#workerOf(tile), {
      ...{ type: 'sample', pixels },
      ...this.#source(tile),
    });
    return features;
  }

  /**
   * Tells of every tile as it is done. `mayGo`: waited for before each, so that a hand that draws comes first. `glance`: what
   * each worker looks at before; told of in `onGlance`, the classes of blocks [rows, columns]. Errors: cancelled.
   */
  async classify(
    forest: Forest,
    options: {
      readonly tiles: readonly number[];
      readonly signal: AbortSignal;
      /** How much a vote for each class counts; left out: 1. */
      readonly weights?: readonly number[];
      readonly mayGo?: () => Promise<void>;
      readonly onTile: (tile: number, found: TileClasses) => void;
      readonly glance?: Glance | null;
      readonly onGlance?: (tile: number, classes: Uint8Array) => void;
    },
  ): Promise<void> {
    const { tiles, signal, weights = [], mayGo, onTile, glance = null, onGlance } = options;
    const workers = this.#workers;
    const goOn = async () => {
      await mayGo?.();
      if (signal.aborted) throw new AppError('cancelled', 'Stopped.');
    };
    await Promise.all(
      workers.map(async (worker, i) => {
        await worker.ask({ type: 'use', forest, weights });
        const isOwn = (tile: number) => tile % workers.length === i;
        for (const tile of glance?.tiles.filter(isOwn) ?? []) {
          await goOn();
          const { classes } = await ask(worker, this.#glanceAt(tile, glance?.every ?? 1));
          onGlance?.(tile, classes);
        }
        for (const tile of tiles.filter(isOwn)) {
          await goOn();
          onTile(tile, await ask(worker, { type: 'classify', ...this.#source(tile) }));
        }
      }),
    );
  }

  #workerOf(tile: number): TileWorker {
    const worker = this.#workers[tile % this.#workers.length];
    if (worker === undefined) throw new Error('there is no worker');
    return worker;
  }

  #glanceAt(tile: number, every: number): TileRequest & { readonly type: 'glance' } {
    if (this.#glances.get(tile) === every) {
      const area = this.areaOf(tile);
      return { type: 'glance', every, hold: true, tile, area, region: null, keep: false };
    }
    const bytes = 4 * Math.ceil(TILE_PX / every) ** 2 * this.featureCount;
    const before = this.#glances.get(tile);
    if (before !== undefined) this.#glanceBytesLeft += (bytes * every ** 2) / before ** 2;
    const hold = bytes <= this.#glanceBytesLeft;
    if (hold) {
      this.#glanceBytesLeft -= bytes;
      this.#glances.set(tile, every);
    } else this.#glances.delete(tile);
    return { type: 'glance', every, hold, ...this.#source(tile) };
  }

  #source(tile: number) {
    const area = this.areaOf(tile);
    if (this.#kept.has(tile)) return { tile, area, region: null, keep: true };
    const keep = this.#kept.size < this.#mostKept;
    if (keep) this.#kept.add(tile);
    return { tile, area, region: cutRegion(this.#pixels, regionNeeded(area)), keep };
  }
}
