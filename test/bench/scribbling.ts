/**
 * How a simulated annotator scribbles: each stroke goes from the deepest place of what is most wrong as far as that goes
 * straight, up to 30 px. A stroke is in vain where the best proposal so far gets no better by it than by an action of the
 * brush. It gives up after as many in vain as a third of the actions that the brush would take from there, or from
 * nothing. Then it does what leaves least to the brush: accept what is proposed, take the last strokes back before, or
 * drop it all.
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
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import type { Place } from './annotator.ts';
import { brushWork, isEnough, type Sheet } from './mending.ts';
import { deepest, dice, errorsOf, type Mask } from './nuclei-objects.ts';

const STROKE = { widthPx: 4, lengthPx: 30 };
const MOST_STROKES = 24;
/** Strokes in vain, as a share of the actions that the brush would take from there. */
const PATIENCE = 1 / 3;
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

/**
 * Scribbles until it is enough or does not pay, and accepts. Where the sitting has taught something, that is proposed
 * before the first stroke. The first stroke of all is on an object, the second beside them.
 */
export async function scribble(sheet: Sheet, sitting: Sitting): Promise<void> {
  const { image, truth, found, hand } = sheet;
  const { width, height } = truth;
  const { workers, labelled } = sitting;
  const { pixels } = image;
  const classifier = new ImageClassifier({ pixels, workers, keepBytes: KEEP_BYTES });
  await classifier.forget();
  const strokes = new Uint8Array(found.length).fill(NO_SCRIBBLE);
  const tiles = classifier.order({ x0: 0, y0: 0, x1: width, y1: height });
  const propose = async (): Promise<boolean> => {
    const own = await samplesOf(classifier, { width, height, data: strokes }, { tiles });
    const set = scribbledSet(own, classifier.featureCount, labelled);
    if (set.classCount < 2) return false;
    const forest = await growTogether(workers, set, { seed: FOREST_SEED });
    await classifier.classify(forest, {
      tiles,
      signal,
      onTile(tile, { classes }) {
        const { x0, y0, x1, y1 } = classifier.areaOf(tile);
        for (let y = y0, from = 0; y < y1; y++) {
          for (let x = x0; x < x1; x++)
            found[y * width + x] = set.values[classes[from++] ?? 0] ?? 0;
        }
      },
    });
    return true;
  };

  const workOf = (proposed: Uint8Array) => brushWork({ ...sheet, found: proposed }).actions;
  const nothing = new Uint8Array(found.length);
  const painting = workOf(nothing);
  const beside = { width, height, data: truth.data.map((one) => 1 - one) };
  const isTaught = await propose();
  const begins: (readonly [Mask, number])[] = isTaught
    ? []
    : [
        [truth, 1],
        [beside, 0],
      ];
  // What is proposed after no stroke may be nothing.
  let best = { proposed: found.slice(), dice: dice(found, truth.data) };
  let inVain = 0;
  let since = 0;
  for (let stroke = 0; stroke < MOST_STROKES && !isEnough(sheet); stroke++) {
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
    if (!(await propose())) continue;
    const now = dice(found, truth.data);
    inVain = now - best.dice > work.gain ? 0 : inVain + 1;
    if (now > best.dice) {
      best = { proposed: found.slice(), dice: now };
      since = 0;
    }
    if (inVain >= PATIENCE * Math.min(painting, brushWork(sheet).actions)) break;
  }
  // The same strokes give the same proposal: one is undone by a key, more by a click in the list under History.
  const takeBack = () => {
    if (since === 1) hand.key();
    else if (since > 1) hand.click({ x: width, y: 0 }, ENTRY_PX);
  };
  const ways = [
    { proposed: found.slice(), actions: workOf(found), begin: () => undefined },
    { proposed: best.proposed, actions: workOf(best.proposed) + 1, begin: takeBack },
    // Dropped.
    { proposed: nothing, actions: painting, begin: () => undefined },
  ];
  const [way] = ways.toSorted((a, b) => a.actions - b.actions);
  way?.begin();
  found.set(way?.proposed ?? nothing);
  // Enter, or Esc.
  hand.key();
}
