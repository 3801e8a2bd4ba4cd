/** What a simulated annotator labels an image on, and how the brush mends what is wrong on it. */
import { componentsOf } from '../../shared/objects/components.ts';
import { Hand } from './annotator.ts';
import { dice, errorsOf, type Mask, type NucleiImage } from './nuclei-objects.ts';
import { brushed } from './outlining.ts';

/** Dice at which an image is done. */
export const WANTED = 0.9;
/** Strokes of the brush between looks at the whole image. */
const LOOKS_AFTER = 8;
/** Smaller ones are crumbs that nobody mends. */
const LEAST_PX = 4;

export interface Sheet {
  readonly image: NucleiImage;
  readonly truth: Mask;
  readonly found: Uint8Array;
  readonly hand: Hand;
}

export const isEnough = ({ found, truth }: Sheet): boolean => dice(found, truth.data) >= WANTED;

/** A part of an image that is wrong, cut out of it with nothing around. */
interface WrongPart extends Mask {
  readonly area: number;
  readonly isMissing: boolean;
  /** Of its first pixel. */
  readonly x0: number;
  readonly y0: number;
}

interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

function cutOut(
  { x0, y0, x1, y1 }: Box,
  isMissing: boolean,
  is: (x: number, y: number) => boolean,
): WrongPart {
  const [width, height] = [x1 - x0, y1 - y0];
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    is(x0 + (i % width), y0 + Math.floor(i / width)) ? 1 : 0,
  );
  return { width, height, data, isMissing, x0, y0, area: data.reduce((sum, one) => sum + one, 0) };
}

/** What is missing of an object, or is connected and too much: a stroke of the brush each. The largest first. */
function wrongParts({ image, truth, found }: Sheet): WrongPart[] {
  const { width } = truth;
  const { missing, extra } = errorsOf(found, truth);
  const parts = image.objects.map(({ box, data }) =>
    cutOut(box, true, (x, y) => data[y * width + x] === 1 && missing.data[y * width + x] === 1),
  );
  const { data: numbers } = componentsOf({ ...extra }, { hasBackground: true });
  const boxes = new Map<number, Box>();
  numbers.forEach((number, i) => {
    if (number === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    const { x0, y0, x1, y1 } = boxes.get(number) ?? { x0: x, y0: y, x1: x + 1, y1: y + 1 };
    boxes.set(number, {
      ...{ x0: Math.min(x0, x), y0: Math.min(y0, y) },
      ...{ x1: Math.max(x1, x + 1), y1: Math.max(y1, y + 1) },
    });
  });
  for (const [number, box] of boxes)
    parts.push(cutOut(box, false, (x, y) => numbers[y * width + x] === number));
  return parts.filter(({ area }) => area >= LEAST_PX).sort((a, b) => b.area - a.area);
}

/** A part as the brush mends it. */
function mended(part: WrongPart) {
  const { at, mask, lengthPx, widthPx } = brushed(part, WANTED);
  const area = mask.reduce((sum, one) => sum + one, 0);
  return { part, mask, area, lengthPx, widthPx, at: { x: at.x + part.x0, y: at.y + part.y0 } };
}

export interface BrushWork {
  /** Until it is enough, the largest parts first. */
  readonly actions: number;
  /** Dice that an action of the first stroke brings. */
  readonly gain: number;
}

/** What the brush would have to do from here, as somebody guesses who looks at what is wrong. */
export function brushWork(sheet: Sheet): BrushWork {
  const { found, truth } = sheet;
  const count = (all: Uint8Array) => all.reduce((sum, one) => sum + one, 0);
  const sum = count(found) + count(truth.data);
  // 1 − Dice is what is wrong over the sum of both areas, which grows or shrinks by what is mended.
  let wrong = (1 - dice(found, truth.data)) * sum;
  let areas = sum;
  const hand = new Hand();
  let gain = 0;
  for (const part of wrongParts(sheet)) {
    if (wrong <= (1 - WANTED) * areas) break;
    const way = mended(part);
    hand.brush(way.at, way);
    wrong -= way.area;
    areas += part.isMissing ? way.area : -way.area;
    if (gain === 0) gain = way.area / sum / hand.actions;
  }
  return { actions: hand.actions, gain };
}

/** The brush mends part by part, the one first that brings most a second, until it is enough. */
export function mendAll(sheet: Sheet): void {
  const { truth, found, hand } = sheet;
  for (let parts = wrongParts(sheet); parts.length > 0; parts = wrongParts(sheet)) {
    let ways = parts.map(mended);
    for (let stroke = 0; stroke < LOOKS_AFTER && ways.length > 0; stroke++) {
      if (isEnough(sheet)) return;
      const rates = ways.map(({ at, area, ...way }) => area / hand.secondsOf(at, way));
      const best = ways[rates.indexOf(Math.max(...rates))];
      if (best === undefined) return;
      hand.brush(best.at, best);
      const { x0, y0, width } = best.part;
      best.mask.forEach((one, i) => {
        const pixel = (y0 + Math.floor(i / width)) * truth.width + x0 + (i % width);
        if (one === 1) found[pixel] = truth.data[pixel] ?? 0;
      });
      ways = ways.filter((way) => way !== best);
    }
  }
}
