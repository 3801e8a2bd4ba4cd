/** From COCO annotations to the pixels of a label map. Reading the JSON file is coco.ts. */
import type { ImportIssue } from '../../../shared/api.ts';
import {
  type CocoRle,
  cocoRuns,
  type CocoSize,
  forEachCocoPixel,
  type Runs,
} from '../../../shared/coco-rle.ts';
import { IGNORE } from '../../../shared/entities.ts';
import { cocoPolygonRuns } from '../../../shared/geometry.ts';
import type { LabelMap } from '../../../shared/label-map.ts';

/** Polygons [x0, y0, x1, y1, …] in pixels, possibly with NaN; or run lengths. */
export type CocoSegmentation = readonly (readonly number[])[] | CocoRle;

/** An annotation whose pixels are known once its image's size is. */
export interface CocoAnnotation {
  /** How messages call it. */
  readonly id: string;
  readonly classIndex: number;
  readonly crowd: boolean;
  readonly segmentation: CocoSegmentation;
}

/** What lies beneath the objects. */
export interface CocoGround {
  /** Values that are painted beneath all others. */
  readonly beneath: ReadonlySet<number>;
  /** The value of pixels that no annotation covers. */
  readonly blank: number;
}

/** Annotations of an image that are named one by one. */
const MOST_ISSUES = 1000;

type PaintIssue = Pick<ImportIssue, 'severity' | 'message'>;

export interface PaintReport {
  readonly labelMap: LabelMap;
  /** Annotations that cover a pixel. */
  readonly painted: number;
  readonly issues: readonly PaintIssue[];
}

function runsOf(annotation: CocoAnnotation, size: CocoSize): Runs[] {
  const { segmentation } = annotation;
  if (!('counts' in segmentation)) return segmentation.map((p) => cocoPolygonRuns(p, size));
  const [height, width] = segmentation.size;
  if (height !== size[0] || width !== size[1]) {
    const reason = `it is ${width}×${height} px, the image ${size[1]}×${size[0]}`;
    return [{ ok: false, reason }];
  }
  return [cocoRuns(segmentation)];
}

/** The polygons that can be painted, and what is wrong with each of the others. */
function sortRings(all: readonly Runs[]): { rings: (readonly number[])[]; faults: string[] } {
  return {
    rings: all.flatMap((runs) => (runs.ok ? [runs.counts] : [])),
    faults: all.flatMap((runs) => (runs.ok ? [] : [runs.reason])),
  };
}

/**
 * Paints annotations in their order; later ones win where they overlap. Crowds become ignore, beneath
 * every object; what is `beneath` lies below them all. A ring inside another ring of its object is reported: COCO's union fills the hole.
 */
export function paintCoco(
  annotations: readonly CocoAnnotation[],
  { size, beneath, blank }: CocoGround & { readonly size: CocoSize },
): PaintReport {
  const [height, width] = size;
  const data = new Uint8Array(height * width).fill(blank);
  /** Which annotation painted a pixel last, counted from 1. */
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
  const layer = ({ crowd, classIndex }: CocoAnnotation) =>
    beneath.has(classIndex) ? 0 : crowd ? 1 : 2;
  const ordered = annotations.toSorted((a, b) => layer(a) - layer(b));
  ordered.forEach((annotation, i) => {
    const { rings, faults } = sortRings(runsOf(annotation, size));
    const kept = rings.length === 0 ? '' : '; the rest of the annotation is kept';
    for (const fault of faults) {
      say('skip', `annotation ${annotation.id}: ${fault}${kept}`);
    }
    if (rings.length === 0) return;
    let covered = 0;
    const value = annotation.crowd ? IGNORE : annotation.classIndex;
    for (const counts of rings) {
      let pixels = 0;
      let own = 0;
      forEachCocoPixel(counts, size, (index) => {
        const before = data[index] ?? 0;
        const isFree = before === blank || before === IGNORE || beneath.has(before);
        if (!isFree && before !== value) overlap++;
        if (owner[index] === i + 1) own++;
        pixels++;
        owner[index] = i + 1;
        data[index] = value;
      });
      covered += pixels;
      if (pixels > 0 && own === pixels) {
        const message = 'a polygon inside another is no hole in COCO and was filled';
        say('change', `annotation ${annotation.id}: ${message}`);
      }
    }
    if (covered > 0) painted++;
    else say('skip', `annotation ${annotation.id}: it covers no pixel of the image`);
    if (covered > 0 && annotation.crowd) crowds++;
  });
  if (more > 0) {
    const message = `${more} more of its annotations are not used as they stand`;
    issues.push({ severity: 'skip', message });
  }
  if (crowds > 0) {
    const message = `${crowds} crowd annotations (iscrowd=1) became ignored pixels`;
    issues.push({ severity: 'change', message });
  }
  if (overlap > 0) {
    const message = `${overlap} px where classes overlap went to the later annotation`;
    issues.push({ severity: 'change', message });
  }
  return { labelMap: { width, height, data }, painted, issues };
}
