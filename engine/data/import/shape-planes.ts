/** Outlines say which slice or page of their file they are of: each goes to the image that this is. */
import type { ImportIssue } from '../../../shared/api.ts';
import { counted } from '../../../shared/number-format.ts';
import type { ImagePages } from '../file-pages.ts';
import type { PaintedShape } from './paint-shapes.ts';
import type { LabelSource } from './plan.ts';
import type { Plane } from './shapes.ts';

type Outlines = Extract<LabelSource, { kind: 'shapes' }>;

/** The image of a plane; null: there is none, or more than one would do. */
function imageOf(plane: Plane | undefined, images: readonly ImagePages[]): number | null {
  if (plane === undefined) return 0;
  if (images.length === 1 && plane.alone) return 0;
  if (plane.kind === 'page') {
    const at = images.findIndex(({ page, channelPages }) =>
      (channelPages ?? [page]).includes(plane.page),
    );
    return at < 0 ? null : at;
  }
  // Pages run through slices and frames in an order that outlines do not know.
  if (plane.slice > 0 && plane.frame > 0) return null;
  const at = Math.max(plane.slice, plane.frame);
  return at < images.length ? at : null;
}

function whyNot(plane: Plane | undefined, images: readonly ImagePages[]): string {
  const has = `the file has ${counted(images.length, 'image')}`;
  if (plane?.kind === 'page') return `it lies in page ${plane.page + 1}, and ${has}`;
  const where = `another plane (z ${plane?.slice ?? 0}, t ${plane?.frame ?? 0})`;
  if (images.length === 1) return `it lies in ${where} than the first`;
  return `it lies in ${where} than can be told: ${has}, in one order`;
}

/**
 * The outlines of each image of a file; null: it has none. Where all are of the first, or say nothing, they are one set of
 * labels for a file of several images. `path`: of the label file, for `issues`.
 */
export function byPlane(
  labels: Outlines,
  images: readonly ImagePages[],
  { path, issues }: { readonly path: string; readonly issues: ImportIssue[] },
): { readonly whole: Outlines } | { readonly of: readonly (Outlines | null)[] } {
  const own = images.map((): PaintedShape[] => []);
  const kept: PaintedShape[] = [];
  for (const shape of labels.shapes) {
    const at = imageOf(shape.plane, images);
    if (at === null) {
      const message = whyNot(shape.plane, images);
      issues.push({ path: `${path}: ${shape.where}`, severity: 'skip', message });
      continue;
    }
    own[at]?.push(shape);
    kept.push(shape);
  }
  const unusable = labels.unusable + labels.shapes.length - kept.length;
  const isOneSet = own.slice(1).every((shapes) => shapes.length === 0);
  if (isOneSet) return { whole: { ...labels, shapes: kept, unusable } };
  return {
    of: own.map((shapes) => (shapes.length === 0 ? null : { ...labels, shapes, unusable: 0 })),
  };
}
