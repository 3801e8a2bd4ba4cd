/**
 * How a simulated annotator scribbles. Where labels of other images propose something, it draws no stroke: the brush
 * brings more an action there. Else each stroke goes from the deepest place of what is most wrong as far as that goes
 * straight, up to 30 px. A stroke is in vain where the best proposal so far gets no better by it than by an action of the
 * brush. It gives up after as many in vain as a third of the actions that the brush would take from there, or from
 * nothing.
 *
 * Then it asks for more of the objects or less, a key each, where one of both errors is clearly the larger, as long as a
 * key brings no less than an action of the brush; a key that makes it no better is taken back by the other one. Before,
 * it takes the last strokes back where that leaves less to the brush; in the end it accepts, or drops it all.
 */
import { growTogether, ImageClassifier } from '../../shared/assist/image-classifier.ts';
import {
  FOREST_SEED,
  labelledPixels,
  labelledTiles,
  NO_SCRIBBLE,
  scribbledPixels,
  scribbledSet,
  type TileSamples,
} from '../../shared/assist/scribbled.ts';
import type { Forest } from '../../shared/assist/forest.ts';
import { MOST_LEANING, voteWeight } from '../../shared/assist/leaning.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import type { Place } from './annotator.ts';
import { brushWork, isEnough, type Sheet } from './mending.ts';
import { deepest, dice, errorsOf, type Mask } from './nuclei-objects.ts';

const STROKE = { widthPx: 4, lengthPx: 30 };
const MOST_STROKES = 24;
/** Strokes in vain, as a share of the actions that the brush would take from there. */
const PATIENCE = 1 / 3;
/** An area of errors so many times larger than the other is seen at a glance. */
const CLEARLY = 1.5;
/** How high an entry of the history is. */
const ENTRY_PX = 24;
const KEEP_BYTES = 2 ** 28;
const { signal } = new AbortController();

/** What one sitting with the images of a folder has taught. */
export interface Sitting {
  readonly workers: readonly TileWorker[];
  /** Of the labels of images that were left. */
  readonly labelled: TileSamples[];
}

interface Drawn {
  readonly at: Place;
  readonly to: Place;
  readonly lengthPx: number;
  readonly pixels: readonly number[];
}

/** A straight stroke from the deepest place of a mask, as far as it stays in it; null in an empty one. */
function strokeIn(mask: Mask): Drawn | null {
  const at = deepest(mask);
  if (at === null) return null;
  let best: { to: Place; lengthPx: number } = { to: at, lengthPx: 0 };
  for (let turn = 0; turn < 16; turn++) {
    const angle = (turn * Math.PI) / 8;
    let far = 0;
    while (far < STROKE.lengthPx) {
      const x = Math.floor(at.x + (far + 1) * Math.cos(angle));
      const y = Math.floor(at.y + (far + 1) * Math.sin(angle));
      const isIn = x >= 0 && y >= 0 && x < mask.width && y < mask.height;
      if (!isIn || mask.data[y * mask.width + x] === 0) break;
      far++;
    }
    if (far > best.lengthPx) {
      const to = { x: at.x + far * Math.cos(angle), y: at.y + far * Math.sin(angle) };
      best = { to, lengthPx: far };
    }
  }
  const pixels: number[] = [];
  const reach = STROKE.widthPx / 2;
  for (let far = 0; far <= best.lengthPx; far++) {
    const share = best.lengthPx === 0 ? 0 : far / best.lengthPx;
    const x: number = at.x + (best.to.x - at.x) * share;
    const y: number = at.y + (best.to.y - at.y) * share;
    for (let dy = -reach; dy < reach; dy++) {
      for (let dx = -reach; dx < reach; dx++) {
        const px = Math.floor(x + dx);
        const py = Math.floor(y + dy);
        const on = py * mask.width + px;
        const isIn = px >= 0 && py >= 0 && px < mask.width && py < mask.height;
        if (isIn && mask.data[on] === 1) pixels.push(on);
      }
    }
  }
  return { at, ...best, pixels };
}

/** Samples of a map of classes, of the tiles that are asked for; `most`: of a class in each. */
async function samplesOf(
  classifier: ImageClassifier,
  map: Mask,
  { tiles, most }: { readonly tiles: readonly number[]; readonly most?: number },
): Promise<TileSamples[]> {
  const parts: TileSamples[] = [];
  for (const tile of tiles) {
    const { x0, y0, x1, y1 } = classifier.areaOf(tile);
    const size = { width: x1 - x0, height: y1 - y0, stride: map.width };
    const data = map.data.subarray(y0 * map.width + x0);
    const own = most === undefined ? scribbledPixels(data, size) : labelledPixels(data, size, most);
    if (own.pixels.length === 0) continue;
    parts.push({ features: await classifier.sample(tile, own.pixels), values: own.values });
  }
  return parts;
}

/** The image is left: its labels teach the next ones. */
export async function learnLabels(sheet: Sheet, sitting: Sitting): Promise<void> {
  const { pixels } = sheet.image;
  const { workers } = sitting;
  const classifier = new ImageClassifier({ pixels, workers, keepBytes: KEEP_BYTES });
  await classifier.forget();
  const wanted = labelledTiles(classifier.tileCount, () => false);
  const map = { ...sheet.truth, data: sheet.found };
  sitting.labelled.push(...(await samplesOf(classifier, map, wanted)));
}

/** What is proposed for a sheet, into its `found`. */
class Proposer {
  /** Steps more of the objects. */
  leaning = 0;
  readonly #sheet: Sheet;
  readonly #sitting: Sitting;
  readonly #classifier: ImageClassifier;
  readonly #tiles: readonly number[];
  #grown: { readonly forest: Forest; readonly values: readonly number[] } | null = null;

  private constructor(sheet: Sheet, sitting: Sitting) {
    const { pixels } = sheet.image;
    const { width, height } = pixels;
    this.#sheet = sheet;
    this.#sitting = sitting;
    const { workers } = sitting;
    this.#classifier = new ImageClassifier({ pixels, workers, keepBytes: KEEP_BYTES });
    this.#tiles = this.#classifier.order({ x0: 0, y0: 0, x1: width, y1: height });
  }

  static async begin(sheet: Sheet, sitting: Sitting): Promise<Proposer> {
    const proposer = new Proposer(sheet, sitting);
    await proposer.#classifier.forget();
    return proposer;
  }

  /** Learns from strokes and proposes. Returns whether several classes are known. */
  async propose(strokes: Uint8Array): Promise<boolean> {
    const { workers, labelled } = this.#sitting;
    const { featureCount } = this.#classifier;
    const map = { ...this.#sheet.truth, data: strokes };
    const own = await samplesOf(this.#classifier, map, { tiles: this.#tiles });
    const set = scribbledSet(own, featureCount, labelled);
    this.#grown = null;
    if (set.classCount < 2) return false;
    const forest = await growTogether(workers, set, { seed: FOREST_SEED });
    this.#grown = { forest, values: set.values };
    await this.classify();
    return true;
  }

  /** Proposes anew as it leans. */
  async classify(): Promise<void> {
    if (this.#grown === null) return;
    const { forest, values } = this.#grown;
    const { found, truth } = this.#sheet;
    await this.#classifier.classify(forest, {
      tiles: this.#tiles,
      weights: values.map((value) => (value === 1 ? voteWeight(this.leaning) : 1)),
      signal,
      onTile: (tile, { classes }) => {
        const { x0, y0, x1, y1 } = this.#classifier.areaOf(tile);
        for (let y = y0, from = 0; y < y1; y++) {
          for (let x = x0; x < x1; x++)
            found[y * truth.width + x] = values[classes[from++] ?? 0] ?? 0;
        }
      },
    });
  }
}

/** Which of both errors is clearly larger: 1 where objects are missing, −1 where they are too much, else 0. */
function clearError({ found, truth }: Sheet): number {
  const { missing, extra } = errorsOf(found, truth);
  const [less, more] = [missing, extra].map(({ data }) => data.reduce((sum, one) => sum + one, 0));
  if ((less ?? 0) > CLEARLY * (more ?? 0)) return 1;
  return (more ?? 0) > CLEARLY * (less ?? 0) ? -1 : 0;
}

/** Asks for more of the objects or less, as long as that pays. */
async function lean(sheet: Sheet, proposer: Proposer): Promise<void> {
  const { found, truth, hand } = sheet;
  const way = clearError(sheet);
  while (way !== 0 && clearError(sheet) === way && !isEnough(sheet)) {
    if (Math.abs(proposer.leaning + way) > MOST_LEANING) return;
    const [before, { gain: worth }] = [dice(found, truth.data), brushWork(sheet)];
    const press = async (steps: number) => {
      hand.key();
      proposer.leaning += steps;
      await proposer.classify();
    };
    await press(way);
    const gain = dice(found, truth.data) - before;
    if (gain <= 0) await press(-way);
    if (gain < worth) return;
  }
}

/**
 * Scribbles until it is enough or does not pay, and accepts. Where the sitting has taught something, that is proposed
 * before the first stroke. The first stroke of all is on an object, the second beside them.
 */
export async function scribble(sheet: Sheet, sitting: Sitting): Promise<void> {
  const { truth, found, hand } = sheet;
  const { width, height } = truth;
  const strokes = new Uint8Array(found.length).fill(NO_SCRIBBLE);
  const proposer = await Proposer.begin(sheet, sitting);

  const workOf = (proposed: Uint8Array) => brushWork({ ...sheet, found: proposed }).actions;
  const nothing = new Uint8Array(found.length);
  const painting = workOf(nothing);
  const beside = { width, height, data: truth.data.map((one) => 1 - one) };
  const most = (await proposer.propose(strokes)) ? 0 : MOST_STROKES;
  const begins: (readonly [Mask, number])[] = [
    [truth, 1],
    [beside, 0],
  ];
  // What is proposed after no stroke may be nothing.
  let best = { proposed: found.slice(), strokes: strokes.slice(), dice: dice(found, truth.data) };
  let inVain = 0;
  let since = 0;
  for (let stroke = 0; stroke < most && !isEnough(sheet); stroke++) {
    const { missing, extra } = errorsOf(found, truth);
    const isMissing = (deepest(missing)?.depth ?? 0) >= (deepest(extra)?.depth ?? 0);
    const [where, value] = begins[stroke] ?? (isMissing ? [missing, 1] : [extra, 0]);
    const drawn = strokeIn(where);
    if (drawn === null) break;
    // With the left button on objects, with the right one on background.
    hand.stroke(drawn.at, { ...drawn, widthPx: 2 * STROKE.widthPx });
    since++;
    for (const pixel of drawn.pixels) strokes[pixel] = value;
    const work = brushWork(sheet);
    if (!(await proposer.propose(strokes))) continue;
    const now = dice(found, truth.data);
    inVain = now - best.dice > work.gain ? 0 : inVain + 1;
    if (now > best.dice) {
      best = { proposed: found.slice(), strokes: strokes.slice(), dice: now };
      since = 0;
    }
    if (inVain >= PATIENCE * Math.min(painting, brushWork(sheet).actions)) break;
  }
  // The same strokes give the same proposal: one is undone by a key, more by a click in the list under History.
  if (workOf(best.proposed) + 1 < workOf(found)) {
    if (since === 1) hand.key();
    else hand.click({ x: width, y: 0 }, ENTRY_PX);
    found.set(best.proposed);
    await proposer.propose(best.strokes);
  }
  await lean(sheet, proposer);
  if (painting < workOf(found)) found.set(nothing);
  // Enter, or Esc.
  hand.key();
}
