/** A proposed mask as it lies over the image: tinted, with its outline. Drawn once into a canvas of its own pixels. */
import { forEachSpan } from '../../shared/mask-runs.ts';
import type { ProposedMask } from './tools/tool.ts';
import { type Rect, screenRect, type Viewport } from './viewport.ts';

const FILL_ALPHA = 0.35;

export class MaskPicture {
  readonly mask: ProposedMask;
  /** The smallest rectangle around it, in pixels of the image; null where it is empty. */
  readonly bounds: Rect | null;
  #picture: OffscreenCanvas | null = null;
  #color = '';

  constructor(mask: ProposedMask) {
    this.mask = mask;
    const { left, top, width } = mask.region;
    let bounds: { x0: number; y0: number; x1: number; y1: number } | null = null;
    forEachSpan(mask.runs, width, (y, x0, x1) => {
      bounds ??= { x0: Infinity, y0: top + y, x1: -Infinity, y1: 0 };
      bounds.x0 = Math.min(bounds.x0, left + x0);
      bounds.x1 = Math.max(bounds.x1, left + x1);
      bounds.y1 = top + y + 1;
    });
    this.bounds = bounds;
  }

  /** `color`: CSS, of the class in hand. */
  draw(context: CanvasRenderingContext2D, view: Viewport, color: string): void {
    const { bounds } = this;
    if (bounds === null) return;
    if (this.#picture === null || color !== this.#color) {
      this.#picture = this.#drawn(bounds, color);
      this.#color = color;
    }
    const { x0, y0, x1, y1 } = screenRect(view, bounds);
    const smooth = context.imageSmoothingEnabled;
    context.imageSmoothingEnabled = view.zoom < 1;
    context.drawImage(this.#picture, x0, y0, x1 - x0, y1 - y0);
    context.imageSmoothingEnabled = smooth;
  }

  #drawn({ x0: left, y0: top, x1, y1 }: Rect, color: string): OffscreenCanvas {
    const [width, height] = [x1 - left, y1 - top];
    const { region, runs } = this.mask;
    const inside = new Uint8Array(width * height);
    const picture = new OffscreenCanvas(width, height);
    const context = picture.getContext('2d');
    if (context === null) throw new Error('The canvas has no 2d context.');
    context.fillStyle = color;
    context.globalAlpha = FILL_ALPHA;
    forEachSpan(runs, region.width, (y, from, to) => {
      const row = region.top + y - top;
      const start = region.left + from - left;
      inside.fill(1, row * width + start, row * width + start + to - from);
      context.fillRect(start, row, to - from, 1);
    });
    // Its outline: pixels with a neighbour that is outside.
    context.globalAlpha = 1;
    const at = (x: number, y: number) =>
      x >= 0 && y >= 0 && x < width && y < height ? (inside[y * width + x] ?? 0) : 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (at(x, y) === 0) continue;
        const within = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1);
        if (within < 4) context.fillRect(x, y, 1, 1);
      }
    }
    return picture;
  }
}
