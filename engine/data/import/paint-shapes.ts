/** From the shapes of label files to the pixels of a label map, and to the objects in it. Reading the files is each format's. */
import type { ImportIssue } from '../../../shared/api.ts';
import { cocoRuns, type CocoSize, forEachCocoPixel } from '../../../shared/coco-rle.ts';
import { IGNORE } from '../../../shared/entities.ts';
import {
  cocoPolygonRuns,
  crossesItself,
  forEachRingRun,
  type Ring,
} from '../../../shared/geometry.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import type { Outline, RunOutline, Shape } from './shapes.ts';
import { counted } from '../../../shared/number-format.ts';

export interface PaintedShape extends Shape {
  readonly classIndex: number;
}

/** What lies beneath the objects. */
export interface ShapeGround {
  /** Values that are painted beneath all others. */
  readonly beneath: ReadonlySet<number>;
  /** The value of pixels that no shape covers. */
  readonly blank: number;
}

/** Shapes of an image that are named one by one. */
const MOST_ISSUES = 1000;
/** Farther out than any image: only hostile files have such corners. */
const MAX_COORDINATE = 100_000;
/** Outlines are drawn up to the rim and a little beyond it. */
const RIM_PX = 1;

type PaintIssue = Pick<ImportIssue, 'severity' | 'message'>;

export interface PaintReport {
  readonly labelMap: LabelMap;
  /** The number of the object of each pixel, 0: of none. [height, width] */
  readonly objects: Uint32Array;
  /** Shapes that cover a pixel. */
  readonly painted: number;
  readonly issues: readonly PaintIssue[];
}

/** A piece of an outline that can be painted: row-major indices of its pixels. */
type Piece = (visit: (index: number) => void) => void;

interface Pieces {
  readonly pieces: readonly Piece[];
  /** What is wrong with each of the others. */
  readonly faults: readonly string[];
  /** What of it is not as it was drawn. */
  readonly notes: readonly string[];
}

function piecesOf(outline: Outline, size: CocoSize): Pieces {
  if ('rings' in outline) {
    const { rings, isRelative = false } = outline;
    return ringPieces(isRelative ? rings.map((ring) => inPixels(ring, size)) : rings, size);
  }
  if ('runs' in outline) return runPieces(outline, size);
  const [height, width] = size;
  if ('counts' in outline) {
    const [own, across] = outline.size;
    if (own !== height || across !== width) {
      return faulty(`it is ${across}×${own} px, the image ${width}×${height}`);
    }
    const runs = cocoRuns(outline);
    if (!runs.ok) return faulty(runs.reason);
    return sound([(visit) => forEachCocoPixel(runs.counts, size, visit)]);
  }
  const all = outline.map((polygon) => ({ polygon, runs: cocoPolygonRuns(polygon, size) }));
  return {
    pieces: all.flatMap(({ runs }): Piece[] =>
      runs.ok ? [(visit) => forEachCocoPixel(runs.counts, size, visit)] : [],
    ),
    faults: all.flatMap(({ runs }) => (runs.ok ? [] : [runs.reason])),
    notes: all.flatMap(({ polygon, runs }) => (runs.ok ? ringNotes(polygon, size) : [])),
  };
}

/** Shares of width and height as pixels. */
const inPixels = (ring: Ring, [height, width]: CocoSize): Ring =>
  ring.map((share, i) => share * (i % 2 === 0 ? width : height));

const faulty = (fault: string): Pieces => ({ pieces: [], faults: [fault], notes: [] });
const sound = (pieces: readonly Piece[]): Pieces => ({ pieces, faults: [], notes: [] });

/** Why a ring cannot be filled; null: it can. */
function ringFault(ring: Ring): string | null {
  if (ring.length % 2 !== 0) return `it has ${ring.length} numbers, one without its other`;
  if (ring.length < 6) {
    const points = ring.length / 2;
    return `it has ${counted(points, 'point')}; an outline needs three or more`;
  }
  if (!ring.every((c) => Number.isFinite(c))) return 'it has corners that are not numbers';
  if (!ring.every((c) => Math.abs(c) <= MAX_COORDINATE)) return 'it has corners far outside';
  return null;
}

/** Rings of one outline: those that can be filled are filled together, so that holes stay holes. */
function ringPieces(rings: readonly Ring[], size: CocoSize): Pieces {
  const [, width] = size;
  const faults = rings.flatMap((ring) => ringFault(ring) ?? []);
  const usable = rings.filter((ring) => ringFault(ring) === null);
  if (usable.length === 0) return { pieces: [], faults, notes: [] };
  const paint: Piece = (visit) =>
    forEachRingRun(usable, size, (y, x0, x1) => {
      for (let index = y * width + x0, end = y * width + x1; index < end; index++) visit(index);
    });
  return { pieces: [paint], faults, notes: usable.flatMap((ring) => ringNotes(ring, size)) };
}

/** What of a ring that can be filled is worth a word. */
function ringNotes(ring: Ring, [height, width]: CocoSize): string[] {
  let [out, allOut] = [0, [true, true, true, true]];
  for (let i = 0; i < ring.length; i += 2) {
    const [x, y] = [ring[i] ?? 0, ring[i + 1] ?? 0];
    out = Math.max(out, -x, x - width, -y, y - height);
    const beyond = [x <= 0, x >= width, y <= 0, y >= height];
    allOut = allOut.map((side, k) => side && beyond[k] === true);
  }
  const isAway = allOut.includes(true); // it covers nothing, which is said
  return [
    ...(out > RIM_PX && !isAway
      ? [`it reaches ${Math.ceil(out)} px out of the image, and is cut off there`]
      : []),
    ...crossingNotes(ring),
  ];
}

function crossingNotes(ring: Ring): string[] {
  const crosses = crossesItself(ring);
  if (crosses === false) return [];
  return crosses === true
    ? ['its outline crosses itself: what it goes round twice is outside (even-odd)']
    : [
        `it has ${ring.length / 2} corners, too many to tell whether it crosses itself: what it goes round twice is outside (even-odd)`,
      ];
}

/** Runs of a rectangle; what of it lies outside the image is cut off. */
function runPieces({ left, top, width: across, height: down, runs }: RunOutline, size: CocoSize) {
  const [height, width] = size;
  const isPlace = [left, top, across, down].every(
    (n) => Number.isInteger(n) && Math.abs(n) <= MAX_COORDINATE,
  );
  if (!isPlace || across <= 0 || down <= 0) return faulty('its mask has no place and size');
  const bad = runs.findIndex((run) => !Number.isInteger(run) || run < 0);
  if (bad >= 0) return faulty(`a run of its mask is ${String(runs[bad])} long`);
  const total = runs.reduce((sum, run) => sum + run, 0);
  if (total > across * down) {
    return faulty(`its runs cover ${total} px, its rectangle has ${across * down}`);
  }
  const isCut = left < 0 || top < 0 || left + across > width || top + down > height;
  const paint: Piece = (visit) => {
    let at = 0;
    runs.forEach((run, i) => {
      const end = at + run;
      for (; i % 2 === 1 && at < end; at++) {
        const x = left + (at % across);
        const y = top + Math.floor(at / across);
        if (x >= 0 && y >= 0 && x < width && y < height) visit(y * width + x);
      }
      at = end;
    });
  };
  const cut = isCut ? ['its mask reaches out of the image, and is cut off there'] : [];
  const short =
    total < across * down
      ? [`its runs end ${across * down - total} px early: none of it there`]
      : [];
  return { pieces: [paint], faults: [], notes: [...cut, ...short] };
}

/**
 * Paints shapes in their order; later ones win where they overlap. Crowds become ignore, beneath every object; what is
 * `beneath` lies below them all. A polygon inside another of one COCO annotation is reported: the union fills the hole.
 */
export function paintShapes(
  shapes: readonly PaintedShape[],
  { size, beneath, blank }: ShapeGround & { readonly size: CocoSize },
): PaintReport {
  const [height, width] = size;
  const data = new Uint8Array(height * width).fill(blank);
  /** Which shape painted a pixel last, counted from 1; in the end, its object. */
  const owner = new Uint32Array(height * width);
  const issues: PaintIssue[] = [];
  let more = 0;
  const say = (severity: ImportIssue['severity'], message: string) => {
    if (issues.length < MOST_ISSUES) issues.push({ severity, message });
    else more++;
  };
  let painted = 0;
  let crowds = 0;
  let overlap = 0;
  const layer = ({ crowd, classIndex }: PaintedShape) =>
    beneath.has(classIndex) ? 0 : crowd ? 1 : 2;
  const ordered = shapes.toSorted((a, b) => layer(a) - layer(b));
  const numberOf = objectNumbers(ordered);
  ordered.forEach((shape, i) => {
    const { pieces, faults, notes } = piecesOf(shape.outline, size);
    const kept = pieces.length === 0 ? '' : '; the rest of it is kept';
    for (const fault of faults) say('skip', `${shape.where}: ${fault}${kept}`);
    for (const note of notes) say('change', `${shape.where}: ${note}`);
    if (pieces.length === 0) return;
    let covered = 0;
    const value = shape.crowd ? IGNORE : shape.classIndex;
    const number = numberOf[i + 1] ?? 0;
    for (const piece of pieces) {
      let pixels = 0;
      let own = 0;
      piece((index) => {
        const before = data[index] ?? 0;
        const isFree = before === blank || before === IGNORE || beneath.has(before);
        if (!isFree && numberOf[owner[index] ?? 0] !== number) overlap++;
        if (owner[index] === i + 1) own++;
        pixels++;
        owner[index] = i + 1;
        data[index] = value;
      });
      covered += pixels;
      if (pixels > 0 && own === pixels) {
        say('change', `${shape.where}: a polygon inside another is no hole in COCO and was filled`);
      }
    }
    if (covered > 0) painted++;
    else say('skip', `${shape.where}: it covers no pixel of the image`);
    if (covered > 0 && shape.crowd) crowds++;
  });
  for (let i = 0; i < owner.length; i++) owner[i] = numberOf[owner[i] ?? 0] ?? 0;
  if (more > 0) {
    const message = `${more} more of its annotations are not used as they stand`;
    issues.push({ severity: 'skip', message });
  }
  if (crowds > 0) {
    const message = `${counted(crowds, 'crowd annotation')} (iscrowd=1) became ignored pixels`;
    issues.push({ severity: 'change', message });
  }
  if (overlap > 0) {
    const message = `${overlap} px where objects overlap went to the later one`;
    issues.push({ severity: 'change', message });
  }
  return { labelMap: { width, height, data }, objects: owner, painted, issues };
}

/** The object of each shape, counted from 1 and found behind a 0 for no shape; crowds are none. */
function objectNumbers(shapes: readonly PaintedShape[]): Uint32Array {
  const known = new Map<string, number>();
  const numbers = new Uint32Array(shapes.length + 1);
  let next = 1;
  shapes.forEach(({ crowd, classIndex, object }, i) => {
    if (crowd || classIndex === IGNORE) return;
    const key = object === null ? null : `${classIndex} ${object}`;
    const number = (key === null ? undefined : known.get(key)) ?? next++;
    if (key !== null) known.set(key, number);
    numbers[i + 1] = number;
  });
  return numbers;
}
