/** An object as it is painted, as a shape that can be mended. */
import { forEachSpan, runsIn, RunWriter } from '../../shared/mask-runs.ts';
import { growRegion, type SpanVisitor } from './shapes.ts';
import type { PaintedShape, ProposedMask, ToolContext } from './tools/tool.ts';
import { imagePoint, type ImagePoint } from './viewport.ts';

/** The object under a point, or what is connected there where no object is known. null where nothing is painted. */
export function paintedShape({
  layer,
  blank,
  objects,
  at,
}: Pick<ToolContext, 'layer' | 'blank' | 'objects'> & {
  readonly at: ImagePoint;
}): PaintedShape | null {
  const seed = { x: Math.floor(at.x), y: Math.floor(at.y) };
  if (!layer.contains(seed.x, seed.y)) return null;
  const value = layer.get(seed.x, seed.y);
  if (value === blank) return null;
  const number = objects?.at(at) ?? 0;
  const isOfIt = (x: number, y: number) =>
    number === 0 || objects?.at(imagePoint(x + 0.5, y + 0.5)) === number;
  const spans: { readonly y: number; readonly x0: number; readonly x1: number }[] = [];
  growRegion(seed, {
    size: layer,
    inside: (x, y) => layer.get(x, y) === value && isOfIt(x, y),
    visit: (y, x0, x1) => spans.push({ y, x0, x1 }),
  });
  spans.sort((a, b) => a.y - b.y || a.x0 - b.x0);
  const left = spans.reduce((least, { x0 }) => Math.min(least, x0), Infinity);
  const right = spans.reduce((most, { x1 }) => Math.max(most, x1), 0);
  const top = spans[0]?.y ?? 0;
  const bottom = (spans.at(-1)?.y ?? 0) + 1;
  const writer = new RunWriter(right - left);
  for (const { y, x0, x1 } of spans) writer.add(y - top, x0 - left, x1 - left);
  return {
    ...{ value, object: number },
    region: { left, top, width: right - left, height: bottom - top },
    runs: writer.runs,
  };
}

/** Visits what a shape has and the other has not, in the other's part of the image; in pixels of the image. */
export function shapeWithout(shape: ProposedMask, other: ProposedMask, visit: SpanVisitor): void {
  const { left, top, width, height } = shape.region;
  const rest = new Uint8Array(width * height);
  const known = runsIn(other.region, shape).runs;
  const [right, down] = [other.region.left - left, other.region.top - top];
  forEachSpan(known, other.region.width, (y, x0, x1) => {
    const row = (y + down) * width + right;
    rest.fill(1, row + x0, row + x1);
  });
  forEachSpan(other.runs, other.region.width, (y, x0, x1) => {
    const row = y + down;
    const [from, to] = [Math.max(0, x0 + right), Math.min(width, x1 + right)];
    if (row >= 0 && row < height && from < to) rest.fill(0, row * width + from, row * width + to);
  });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (rest[y * width + x] === 0) continue;
      const start = x;
      while (x < width && rest[y * width + x] === 1) x++;
      visit(top + y, left + start, left + x);
    }
  }
}
