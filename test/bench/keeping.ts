/**
 * What an annotator keeps of two proposals for an image: of a network that was trained meanwhile, which is shown by a key,
 * and of the classifier of pixels, which strokes go on with. The one is taken that leaves least to the brush; where strokes
 * came to more than the network's would have left, it is taken over in their place.
 */
import { growTogether, ImageClassifier } from '../../shared/assist/image-classifier.ts';
import { FOREST_SEED, scribbledSet } from '../../shared/assist/scribbled.ts';
import { brushWork, mendAll, type Sheet } from './mending.ts';
import { scribble, type Sitting } from './scribbling.ts';

const KEEP_BYTES = 2 ** 28;
/** A key shows what the network sees. */
const SHOWN = 1;
/** Undone, shown and taken over. */
const CHANGED = 3;
const { signal } = new AbortController();

/** What labels of the images before propose, before any stroke; null: they have taught nothing. */
async function carried({ image }: Sheet, sitting: Sitting): Promise<Uint8Array | null> {
  const { workers, labelled } = sitting;
  const { width, height } = image.pixels;
  const classifier = new ImageClassifier({ pixels: image.pixels, workers, keepBytes: KEEP_BYTES });
  await classifier.forget();
  const set = scribbledSet([], classifier.featureCount, labelled);
  if (set.classCount < 2) return null;
  const forest = await growTogether(workers, set, { seed: FOREST_SEED });
  const found = new Uint8Array(width * height);
  await classifier.classify(forest, {
    tiles: classifier.order({ x0: 0, y0: 0, x1: width, y1: height }),
    signal,
    onTile(tile, { classes }) {
      const { x0, y0, x1, y1 } = classifier.areaOf(tile);
      for (let y = y0, from = 0; y < y1; y++) {
        for (let x = x0; x < x1; x++) found[y * width + x] = set.values[classes[from++] ?? 0] ?? 0;
      }
    },
  });
  return found;
}

/** Labels an image; `seen`: what the network sees in it; null: nothing yet. */
export async function labelBeside(
  sheet: Sheet,
  { seen, sitting }: { readonly seen: Uint8Array | null; readonly sitting: Sitting },
): Promise<void> {
  const { found, hand } = sheet;
  const workOf = (proposed: Uint8Array) => brushWork({ ...sheet, found: proposed }).actions;
  const left = seen === null ? Infinity : workOf(seen);
  const taken = async (): Promise<boolean> => {
    const nothing = new Uint8Array(found.length);
    const others = [nothing, (await carried(sheet, sitting)) ?? nothing].map(workOf);
    return left + SHOWN <= Math.min(...others);
  };
  let isKept = seen !== null && (await taken());
  if (isKept) {
    hand.key();
    hand.key();
  } else {
    await scribble(sheet, sitting);
    isKept = left + CHANGED < workOf(found);
    if (isKept) for (let key = 0; key < CHANGED; key++) hand.key();
  }
  if (isKept && seen !== null) found.set(seen);
  mendAll(sheet);
}
