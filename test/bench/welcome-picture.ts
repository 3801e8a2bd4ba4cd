/**
 * Draws what the first page shows of the sample project: one of its test images (renderer/pictures/sample-image.png), and
 * the outlines of its label and of what the kept network predicts (renderer/pictures/sample-outlines.ts).
 * usage: welcome-picture.ts [--image 291]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openProject } from '../../engine/db/project.ts';
import { ensureSample } from '../../engine/sample.ts';
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';

const { values: flags } = parseArgs({ options: { image: { type: 'string', default: '291' } } });
const IMAGE = Number(flags.image);
const PICTURES = join(import.meta.dirname, '..', '..', 'renderer', 'pictures');
const FOREGROUND = 1;
/** Just beside a half, which sixteenths can be: no outline goes through the middle of a pixel. */
const EDGE = 0.49;

type Point = readonly [x: number, y: number];

/** Share of foreground around each pixel, with a border of 0: [height + 2, width + 2]. */
function softened({ width, height, data }: LabelMap) {
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === FOREGROUND ? 1 : 0;
  return (x: number, y: number) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return 0;
    let sum = 0;
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1])
        sum += inside(x + dx, y + dy) * (dx === 0 ? 2 : 1) * (dy === 0 ? 2 : 1);
    }
    return sum / 16;
  };
}

/** Marching squares between the middles of pixels. Returns pieces, the foreground at their right. */
function pieces(map: LabelMap): [Point, Point][] {
  const at = softened(map);
  const found: [Point, Point][] = [];
  for (let y = -1; y < map.height; y++) {
    for (let x = -1; x < map.width; x++) {
      const corners: readonly Point[] = [
        [x, y],
        [x + 1, y],
        [x + 1, y + 1],
        [x, y + 1],
      ];
      const crossings = corners.flatMap(([ax, ay], i): { point: Point; enters: boolean }[] => {
        const [bx, by] = corners[(i + 1) % 4] ?? [ax, ay];
        const [a, b] = [at(ax, ay), at(bx, by)];
        if (a > EDGE === b > EDGE) return [];
        const t = (EDGE - a) / (b - a);
        return [{ point: [ax + t * (bx - ax), ay + t * (by - ay)], enters: b > EDGE }];
      });
      for (const [i, { point, enters }] of crossings.entries()) {
        const next = crossings[(i + 1) % crossings.length];
        if (enters && next !== undefined) found.push([next.point, point]);
      }
    }
  }
  return found;
}

const key = ([x, y]: Point) => `${x.toFixed(4)} ${y.toFixed(4)}`;

/** As the path of an SVG in pixels of the image. */
function outline(map: LabelMap): string {
  const next = new Map(pieces(map).map(([from, to]) => [key(from), to]));
  const rings: string[] = [];
  for (
    let first = next.keys().next().value;
    first !== undefined;
    first = next.keys().next().value
  ) {
    const ring: Point[] = [];
    for (let here = first; ;) {
      const to = next.get(here);
      if (to === undefined) break;
      next.delete(here);
      ring.push(to);
      here = key(to);
    }
    const points = ring.map(([x, y]) => `${(x + 0.5).toFixed(1)} ${(y + 0.5).toFixed(1)}`);
    rings.push(`M${points.join('L')}Z`);
  }
  return rings.join('');
}

const folder = mkdtempSync(join(tmpdir(), 'graft-picture-'));
try {
  const project = openProject(ensureSample(folder));
  const image = project.datasets.image(IMAGE);
  const label = image?.labelMapId == null ? undefined : project.labelMaps.bytes(image.labelMapId);
  const run = project.runs
    .list()
    .find(({ id, kind }) => kind === 'finetune' && project.runs.hasCheckpoint(id));
  const predicted = run === undefined ? undefined : project.runs.prediction(run.id, IMAGE);
  const bytes = project.datasets.imageBytes(IMAGE);
  if (label === undefined || predicted === undefined || bytes === undefined) {
    throw new Error(`image ${IMAGE} has no label, or no network was kept that was tested on it`);
  }
  writeFileSync(join(PICTURES, 'sample-image.png'), bytes);
  writeFileSync(
    join(PICTURES, 'sample-outlines.ts'),
    `/** Of an image of the sample project, in its pixels: drawn by test/bench/welcome-picture.ts. */
export const SAMPLE_SIDE_PX = ${image?.widthPx ?? 0};
export const LABEL_OUTLINE =
  '${outline(decodeLabelMap(label))}';
export const PREDICTION_OUTLINE =
  '${outline(decodeLabelMap(predicted))}';
`,
  );
  project.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
