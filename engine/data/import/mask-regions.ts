/**
 * What mask values look like beside each other: which form regions and are meant, which are edges, noise or stray pixels,
 * which number objects. What is made of it is mask-values.ts.
 */
import { MANY_NEIGHBOURS } from '../mask-evidence.ts';
import { distance, type FoundValue, type KindOfValues, pointOf } from './value-mapping.ts';

const WHITE = 255;
/** The same of 16 bits. */
const WIDE_WHITE = 65_535;
/** Grey masks with more values than this number objects, not classes; smaller values are class numbers. */
export const MANY_VALUES = 64;
/** A value forms regions where at least this share of its pixels lies inside one: 3 × 3 pixels have a ninth. */
const REGION_SHARE = 0.05;
/** Values without a region and with at most this share of the foreground are stray pixels. */
const STRAY_SHARE = 0.01;
/** And so have those with no more pixels than this in each mask that holds them: no object is that small throughout. */
const STRAY_PX = 4;
/** So many different values without a region are noise up to this share. */
export const LITTLE_SHARE = 0.1;
/** Noise strays so far from the value that was meant, of 255 (times √3 in the cube of colours). */
const NEAR = 16 * Math.sqrt(3);
/** So many values without a region are noise, and small regions among them as well. */
const MANY_EDGES = 8;
/** Beside noise, a region with less than this share of the largest foreground region is noise, too. */
const SMALL_SHARE = 0.02;
/** Regions that noise made hold at most this share of those that were meant. */
const NOISE_SHARE = 0.2;
/** Edges that were enlarged, and values that noise made of a near one, cover at most this share of it. */
const BLOCKS_SHARE = 0.2;
/** A region of proper size has this share of its pixels inside: a disc of 5 pixels has half. */
const PROPER_SHARE = 0.25;
/** Levels by which rounding changes a value. */
const ROUNDING = 2 * Math.sqrt(3);
/** Steps of smoothed edges lie on the way from lower to higher values along rows and columns, and nearly all of them do. */
const STEP_SHARE = 1.5;
/** The highest of thin lines do so only where these rise and fall. */
const RIDGE_SHARE = 0.1;
/** So many steps make a smoothed edge; classes that surround each other are fewer. */
const FEW_STEPS = 3;

const formsRegions = ({ cores, pixels }: FoundValue): boolean =>
  cores > 0 && cores >= REGION_SHARE * pixels;
export const withRegions = (found: readonly FoundValue[]): FoundValue[] =>
  found.filter(formsRegions);
export const pixelsOf = (found: readonly FoundValue[]): number =>
  found.reduce((sum, { pixels }) => sum + pixels, 0);
export const isZero = ({ value }: FoundValue): boolean => value === 0;

const isProper = (f: FoundValue): boolean => f.cores >= PROPER_SHARE * f.pixels;

/**
 * What was found, with nothing inside of values that are steps of smoothed edges: where these were enlarged, their blocks
 * look like regions. Layers and rims lie between two values as well, but always between the same ones; objects that
 * touch do by chance, and leave less background.
 */
export function withoutSteps(found: readonly FoundValue[]): FoundValue[] {
  const share = ({ slope, pixels }: FoundValue) => slope.pixels / pixels;
  const steps = found.filter((f) => share(f) >= STEP_SHARE && f.slope.neighbours > 1);
  const ridges = found.filter(
    (f) =>
      !steps.includes(f) &&
      (share(f) >= 1 || (share(f) >= RIDGE_SHARE && f.slope.neighbours === MANY_NEIGHBOURS)),
  );
  const isSmoothed =
    steps.length + ridges.length >= FEW_STEPS &&
    pixelsOf(steps) >= pixelsOf(ridges) &&
    pixelsOf(steps) <= pixelsOf(found.filter(isZero));
  if (!isSmoothed) return [...found];
  return found.map((f) => (steps.includes(f) || ridges.includes(f) ? { ...f, cores: 0 } : f));
}

/** White in masks of 8 and of 16 bits. */
export function whiteOf(found: readonly FoundValue[]): (f: FoundValue) => boolean {
  const wide = found.some((f) => f.kind !== 'colour' && f.value > WHITE);
  return (f) => f.kind !== 'colour' && f.value === (wide ? WIDE_WHITE : WHITE);
}

export function brightestOf(found: readonly FoundValue[]): FoundValue | undefined {
  const black = pointOf('colour', 0, WHITE);
  const top = found.reduce((most, f) => Math.max(most, f.kind === 'colour' ? 0 : f.value), 1);
  const far = (f: FoundValue) => distance(pointOf(f.kind, f.value, top), black);
  return found
    .filter((f) => !isZero(f))
    .reduce<FoundValue | undefined>(
      (most, f) => (most === undefined || far(f) > far(most) ? f : most),
      undefined,
    );
}

/** Values that are meant: those that form regions, less what noise made of a larger one nearby. */
export function anchorsOf(found: readonly FoundValue[], top: number): FoundValue[] {
  const regions = found.filter(formsRegions);
  const noisy = found.length - regions.length >= MANY_EDGES;
  const largest = Math.max(0, ...regions.filter((f) => !isZero(f)).map(({ pixels }) => pixels));
  const point = (f: FoundValue) => pointOf(f.kind, f.value, top);
  const anchors: FoundValue[] = [];
  for (const f of regions.toSorted((a, b) => b.pixels - a.pixels)) {
    if (noisy && !isZero(f) && f.pixels < SMALL_SHARE * largest) continue;
    const isLarge = isProper(f) && f.pixels > BLOCKS_SHARE * largest;
    const near = anchors.some((a) => distance(point(a), point(f)) <= NEAR);
    if (noisy && near && !isLarge) continue;
    anchors.push(f);
  }
  if (!anchors.some((f) => !isZero(f))) {
    const brightest = brightestOf(found);
    if (brightest !== undefined) anchors.push(brightest);
  }
  return anchors.sort((a, b) => a.value - b.value);
}

/** Whether a value may have come about between or near values that are meant, by smoothing or by noise. */
function liesBetween(f: FoundValue, anchors: readonly FoundValue[], top: number): boolean {
  const p = pointOf(f.kind, f.value, top);
  const points = anchors.map((a) => pointOf(a.kind, a.value, top));
  return points.some((a, i) =>
    points.slice(i).some((b) => {
      const [dx, dy, dz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
      const length = dx * dx + dy * dy + dz * dz;
      const along = (p[0] - a[0]) * dx + (p[1] - a[1]) * dy + (p[2] - a[2]) * dz;
      const t = length === 0 ? 0 : Math.min(1, Math.max(0, along / length));
      return distance(p, [a[0] + t * dx, a[1] + t * dy, a[2] + t * dz]) <= NEAR;
    }),
  );
}

/** Whether values have no inside and hardly any pixels, beside others of so many or in each mask that holds them. */
export function areStray(values: readonly FoundValue[], beside: number): boolean {
  const share = values.length >= MANY_EDGES ? LITTLE_SHARE : STRAY_SHARE;
  const pixels = pixelsOf(values);
  const isFew = pixels < beside && values.every((f) => f.pixels <= STRAY_PX * f.masks);
  return values.every((f) => f.cores === 0) && (pixels <= share * beside || isFew);
}

/** Whether every mask holds 1, 2, 3 … without a gap, each as many as it needs: objects are numbered so. */
export function areNumbered(masks: readonly KindOfValues[]): boolean {
  const counts = masks
    .map(({ histogram }) => [...histogram.keys()].filter((value) => value !== 0))
    .filter((values) => values.length > 0);
  const gapless = counts.every((values) => Math.max(...values) === values.length);
  const lengths = new Set(counts.map((values) => values.length));
  return gapless && (counts.length === 1 ? !lengths.has(WHITE) : lengths.size > 1);
}

/** Whether all values but `anchors` came about by smoothing or noise: few pixels, without regions, between anchors. */
export function areEdges(
  found: readonly FoundValue[],
  anchors: readonly FoundValue[],
  top: number,
): boolean {
  const others = found.filter((f) => !anchors.includes(f));
  const meant = anchors.filter((f) => !isZero(f));
  if (others.length === 0 || others.length < anchors.length - 1) return false;
  if (meant.length > MANY_VALUES) return false;
  const regions = others.filter((f) => formsRegions(f) && !isZero(f));
  if (pixelsOf(regions) > NOISE_SHARE * pixelsOf(meant)) return false;
  return others.every((f) => liesBetween(f, anchors, top));
}

/** Numbers without regions between those that have some, as smoothing makes 1 and 2 of 0 beside 3. */
export function smoothedNumbers(found: readonly FoundValue[]): FoundValue[] {
  const regions = found.filter(formsRegions).map(({ value }) => value);
  const [low, high] = [Math.min(...regions), Math.max(...regions)];
  return found.filter(
    (f) => f.kind !== 'colour' && !formsRegions(f) && f.value > low && f.value < high,
  );
}

/**
 * Levels between black and the brightest value that cover little beside it: smoothed edges that were enlarged form regions.
 * Class numbers are no levels.
 */
export function edgesInBlocks(values: readonly FoundValue[]): FoundValue[] {
  const brightest = brightestOf(values);
  if (brightest === undefined || brightest.value < MANY_VALUES) return [];
  const others = values.filter((f) => f !== brightest && formsRegions(f));
  const black = { ...brightest, value: 0 };
  const isLittle = pixelsOf(others) <= BLOCKS_SHARE * brightest.pixels;
  return isLittle && others.every((f) => liesBetween(f, [black, brightest], brightest.value))
    ? others
    : [];
}

/** Whether each value is the brightest, or one that rounding or noise made of it or of 0. */
export function areTwoClusters(foreground: readonly FoundValue[], top: number): boolean {
  const brightest = brightestOf(foreground);
  if (brightest === undefined || foreground.length < 2) return false;
  const gap = (f: FoundValue, end: FoundValue | 0) =>
    distance(
      pointOf(f.kind, f.value, top),
      end === 0 ? pointOf('grey', 0, top) : pointOf(end.kind, end.value, top),
    );
  return foreground.every((f) => {
    if (f === brightest) return true;
    if (Math.min(gap(f, brightest), gap(f, 0)) > NEAR) return false;
    const isRim = f.slope.pixels >= f.pixels;
    const isLittle = f.pixels <= BLOCKS_SHARE * brightest.pixels;
    return !isProper(f) || isRim || (isLittle && gap(f, brightest) <= ROUNDING);
  });
}

/** Regions that differ from 0 or from the brightest by no more than rounding does. */
export function hardlyDiffering(foreground: readonly FoundValue[], top: number): FoundValue[] {
  const brightest = brightestOf(foreground);
  const ends = [0, brightest?.value ?? 0];
  const close = (f: FoundValue) =>
    ends.some(
      (end) => distance(pointOf(f.kind, f.value, top), pointOf('grey', end, top)) <= ROUNDING,
    );
  return foreground.filter((f) => f !== brightest && close(f));
}
