/** From COCO annotations to the pixels of a label map. Reading the JSON file is coco.ts. */
import type { ImportIssue } from '../../../shared/api.ts';
import {
  type CocoRle,
  cocoRuns,
  type CocoSize,
  forEachCocoPixel,
  type Runs,
} from '../../../shared/coco-rle.ts';
import { BACKGROUND, IGNORE } from '../../../shared/entities.ts';
import { cocoPolygonRuns } from '../../../shared/geometry.ts';
import type { LabelMap } from '../../../shared/label-map.ts';

/** An annotation whose pixels are known once its image's size is. */
export interface CocoAnnotation {
  readonly id: number | string;
  readonly classIndex: number;
  readonly crowd: boolean;
  /** Polygons [x0, y0, x1, y1, …], or run lengths. */
  readonly segmentation: readonly (readonly number[])[] | CocoRle;
}

type PaintIssue = Pick<ImportIssue, 'severity' | 'message'>;

export interface PaintReport {
  readonly labelMap: LabelMap;
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

/**
 * Paints annotations in their order; later ones win where they overlap. Crowds become ignore, beneath
 * every object. A ring inside another ring of its object is reported: COCO's union fills the hole.
 */
export function paintCoco(annotations: readonly CocoAnnotation[], size: CocoSize): PaintReport {
  const [height, width] = size;
  const data = new Uint8Array(height * width).fill(BACKGROUND);
  /** Which annotation painted a pixel last, counted from 1. */
  const owner = new Uint32Array(height * width);
  const issues: PaintIssue[] = [];
  let crowds = 0;
  let overlap = 0;
  const ordered = [...annotations.filter((a) => a.crowd), ...annotations.filter((a) => !a.crowd)];
  ordered.forEach((annotation, i) => {
    const rings: (readonly number[])[] = [];
    for (const runs of runsOf(annotation, size)) {
      if (runs.ok) rings.push(runs.counts);
      else {
        issues.push({ severity: 'skip', message: `annotation ${annotation.id}: ${runs.reason}` });
        return;
      }
    }
    const value = annotation.crowd ? IGNORE : annotation.classIndex;
    if (annotation.crowd) crowds++;
    for (const counts of rings) {
      let pixels = 0;
      let own = 0;
      forEachCocoPixel(counts, size, (index) => {
        const before = data[index] ?? 0;
        if (before !== BACKGROUND && before !== IGNORE && before !== value) overlap++;
        if (owner[index] === i + 1) own++;
        pixels++;
        owner[index] = i + 1;
        data[index] = value;
      });
      if (pixels > 0 && own === pixels) {
        const message = `annotation ${annotation.id}: a polygon inside another is no hole in COCO and was filled`;
        issues.push({ severity: 'change', message });
      }
    }
  });
  if (crowds > 0) {
    const message = `${crowds} crowd annotations (iscrowd=1) became ignored pixels`;
    issues.push({ severity: 'change', message });
  }
  if (overlap > 0) {
    const message = `${overlap} px where classes overlap went to the later annotation`;
    issues.push({ severity: 'change', message });
  }
  return { labelMap: { width, height, data }, issues };
}
