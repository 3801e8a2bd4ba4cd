/** The patches of a part of the image, as tools and the canvas meet them: which one lies where, its pixels, its outline. */
import type { Patches } from '../../shared/assist/patches.ts';
import type { PredictionRegion } from '../../shared/api.ts';
import { RunWriter } from '../../shared/mask-runs.ts';
import { LabelLayer } from './label-layer.ts';
import type { PatchRegion } from './patch-region.ts';
import type { SpanVisitor } from './shapes.ts';
import { imagePoint, type ImagePoint, type Viewport } from './viewport.ts';

/** A patch as it is seen: run lengths in a part of the image (shared/mask-runs.ts). */
interface PatchMask {
  readonly region: PredictionRegion;
  readonly runs: readonly number[];
}

/** Where there is no patch. */
export const NO_PATCH = -1;

export class PatchMap {
  readonly region: PatchRegion;
  readonly count: number;
  /** Shades of patches, neighbours different, of every pixel that was looked at: what outlines are drawn from. */
  readonly shades: LabelLayer;
  readonly #patches: Patches;
  /** The patch asked for last, which is drawn frame after frame. */
  #last: { readonly number: number; readonly mask: PatchMask } | null = null;

  constructor(patches: Patches, region: PatchRegion) {
    this.region = region;
    this.#patches = patches;
    this.count = patches.shades.length;
    const size = {
      width: Math.ceil((region.x1 - region.x0) / region.step),
      height: Math.ceil((region.y1 - region.y0) / region.step),
    };
    const data = new Uint8Array(patches.numbers.length);
    for (let i = 0; i < data.length; i++) data[i] = patches.shades[patches.numbers[i] ?? 0] ?? 0;
    const at = { x: 0, y: 0 };
    this.shades = LabelLayer.of({ ...size, data }, { size, at, blank: 0 });
  }

  /** The number of the patch at a pixel of the image, or NO_PATCH. */
  at(x: number, y: number): number {
    const { x0, y0, x1, y1, step } = this.region;
    if (x < x0 || y < y0 || x >= x1 || y >= y1) return NO_PATCH;
    const [column, row] = [Math.floor((x - x0) / step), Math.floor((y - y0) / step)];
    return this.#patches.numbers[row * this.shades.width + column] ?? NO_PATCH;
  }

  /** The patch under a point, to be seen; null where there is none. The same value while it is the same patch. */
  under({ x, y }: ImagePoint): PatchMask | null {
    const number = this.at(Math.floor(x), Math.floor(y));
    if (number === NO_PATCH) return null;
    if (this.#last?.number !== number) this.#last = { number, mask: this.#mask(number) };
    return this.#last.mask;
  }

  /** The pixels of a patch, in pixels of the image. */
  forEachSpan(number: number, visit: SpanVisitor): void {
    const { numbers, boxes } = this.#patches;
    const { x0: left, y0: top, x1: right, y1: bottom, step } = this.region;
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = boxes.subarray(4 * number, 4 * number + 4);
    const { width } = this.shades;
    for (let y = y0; y < y1; y++) {
      const spans: [number, number][] = [];
      for (let x = x0; x < x1; x++) {
        if (numbers[y * width + x] !== number) continue;
        const start = x;
        while (x < x1 && numbers[y * width + x] === number) x++;
        spans.push([left + start * step, Math.min(right, left + x * step)]);
      }
      const end = Math.min(bottom, top + (y + 1) * step);
      for (let row = top + y * step; row < end; row++) {
        for (const [from, to] of spans) visit(row, from, to);
      }
    }
  }

  /** The view of `shades` that lies where the image does. */
  viewOf(view: Viewport): Viewport {
    const { x0, y0, step } = this.region;
    return {
      image: this.shades,
      screen: view.screen,
      zoom: view.zoom * step,
      center: imagePoint((view.center.x - x0) / step, (view.center.y - y0) / step),
    };
  }

  #mask(number: number): PatchMask {
    const { x0: left, y0: top, x1: right, y1: bottom, step } = this.region;
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = this.#patches.boxes.subarray(
      4 * number,
      4 * number + 4,
    );
    const region = {
      left: left + x0 * step,
      top: top + y0 * step,
      width: Math.min(right, left + x1 * step) - (left + x0 * step),
      height: Math.min(bottom, top + y1 * step) - (top + y0 * step),
    };
    const writer = new RunWriter(region.width);
    this.forEachSpan(number, (y, from, to) =>
      writer.add(y - region.top, from - region.left, to - region.left),
    );
    return { region, runs: writer.runs };
  }
}
