/**
 * Rasterised tiles of something that covers the image (the image, the labels, a prediction), at the scales that have
 * been looked at. Only what changed is rasterised again, a few milliseconds a frame; until then a coarser tile or the
 * old one is shown. What the tiles contain is decided by their source.
 */
import { TILE_PX } from '../../shared/tiles.ts';
import { intersection, union, type Rect, type Size, type Viewport } from './viewport.ts';

/** Texture tile (column, row) of a level shows TILE_PX · 2^level pixels of the image each way. */
export interface TextureTile {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

export interface TextureSource {
  readonly size: Size;
  /** Level to show at a zoom (device pixels per image pixel). */
  levelAt(zoom: number): number;
  /** How far, in texels, a changed pixel changes what is around it. */
  readonly reach: number;
  /** Whether nothing at all is to be seen there. */
  isEmpty(tile: TextureTile): boolean;
  /** Colours 0xAABBGGRR of the texels `area` of a tile, into `out` [TILE_PX, TILE_PX]. */
  rasterise(tile: TextureTile, area: Rect, out: Uint32Array): void;
}

interface Texture {
  readonly tile: TextureTile;
  /** null: nothing to be seen. */
  context: OffscreenCanvasRenderingContext2D | null;
  /** Texels that are out of date. */
  stale: Rect | null;
  lastUsed: number;
}

export interface DrawOptions {
  readonly view: Viewport;
  /** Device pixels that are being painted. */
  readonly clip: Rect;
  readonly alpha: number;
  readonly smooth: boolean;
  /** Whether there is time to rasterise another tile in this frame. */
  readonly hasTime: () => boolean;
}

const WHOLE_TILE: Rect = { x0: 0, y0: 0, x1: TILE_PX, y1: TILE_PX };
/** A canvas of TILE_PX². */
const TEXTURE_BYTES = TILE_PX * TILE_PX * 4;
/** Coarser levels that are looked through for something to show meanwhile. */
const FALLBACK_LEVELS = 7;

export class TextureCache {
  #source: TextureSource;
  readonly #maxTextures: number;
  readonly #textures = new Map<string, Texture>();
  readonly #scratch = new ImageData(TILE_PX, TILE_PX);
  readonly #texels = new Uint32Array(this.#scratch.data.buffer);
  #clock = 0;

  constructor(source: TextureSource, { maxBytes }: { maxBytes: number }) {
    this.#source = source;
    this.#maxTextures = Math.max(1, Math.floor(maxBytes / TEXTURE_BYTES));
  }

  /** Other pixels or another look for the same image: the old tiles are shown until the new ones are done. */
  replaceSource(source: TextureSource): void {
    this.#source = source;
    for (const texture of this.#textures.values()) texture.stale = WHOLE_TILE;
  }

  /** Pixels of the image have changed. */
  invalidate(pixels: Rect): void {
    for (const texture of this.#textures.values()) {
      const { level, column, row } = texture.tile;
      const scale = 2 ** level;
      const { reach } = this.#source;
      const area = intersection(WHOLE_TILE, {
        x0: Math.floor(pixels.x0 / scale) - column * TILE_PX - reach,
        y0: Math.floor(pixels.y0 / scale) - row * TILE_PX - reach,
        x1: Math.ceil(pixels.x1 / scale) - column * TILE_PX + reach,
        y1: Math.ceil(pixels.y1 / scale) - row * TILE_PX + reach,
      });
      if (area !== null) texture.stale = union(texture.stale, area);
    }
  }

  /** Draws what is visible. Returns whether everything shown is up to date. */
  draw(context: CanvasRenderingContext2D, options: DrawOptions): boolean {
    const { view, clip } = options;
    const level = this.#source.levelAt(view.zoom);
    const scale = TILE_PX * 2 ** level;
    const { width, height } = this.#source.size;
    const left = (clip.x0 - view.screen.width / 2) / view.zoom + view.center.x;
    const top = (clip.y0 - view.screen.height / 2) / view.zoom + view.center.y;
    const right = (clip.x1 - view.screen.width / 2) / view.zoom + view.center.x;
    const bottom = (clip.y1 - view.screen.height / 2) / view.zoom + view.center.y;
    context.globalAlpha = options.alpha;
    context.imageSmoothingEnabled = options.smooth;
    let complete = true;
    for (
      let row = Math.max(0, Math.floor(top / scale));
      row * scale < Math.min(height, bottom);
      row++
    ) {
      for (
        let column = Math.max(0, Math.floor(left / scale));
        column * scale < Math.min(width, right);
        column++
      ) {
        complete = this.#drawTile(context, { level, column, row }, options) && complete;
      }
    }
    context.globalAlpha = 1;
    this.#clock++;
    this.#evict();
    return complete;
  }

  #drawTile(context: CanvasRenderingContext2D, tile: TextureTile, options: DrawOptions): boolean {
    const key = `${tile.level}/${tile.column}/${tile.row}`;
    let texture = this.#textures.get(key);
    if (texture === undefined) {
      if (!options.hasTime() && !this.#source.isEmpty(tile)) {
        this.#drawCoarser(context, tile, options);
        return false;
      }
      texture = { tile, context: null, stale: WHOLE_TILE, lastUsed: 0 };
      this.#textures.set(key, texture);
      this.#refresh(texture);
    } else if (texture.stale !== null && (options.hasTime() || texture.stale !== WHOLE_TILE)) {
      this.#refresh(texture);
    }
    texture.lastUsed = this.#clock;
    if (texture.context !== null)
      place(context, options.view, {
        tile,
        canvas: texture.context.canvas,
        size: this.#source.size,
      });
    return texture.stale === null;
  }

  #refresh(texture: Texture): void {
    const { tile, stale } = texture;
    texture.stale = null;
    if (stale === null) return;
    if (this.#source.isEmpty(tile)) {
      texture.context = null;
      return;
    }
    const isNew = texture.context === null;
    const area = isNew ? WHOLE_TILE : stale;
    texture.context ??= new OffscreenCanvas(TILE_PX, TILE_PX).getContext('2d');
    this.#source.rasterise(tile, area, this.#texels);
    texture.context?.putImageData(
      this.#scratch,
      0,
      0,
      area.x0,
      area.y0,
      area.x1 - area.x0,
      area.y1 - area.y0,
    );
  }

  /** The part of a coarser tile that shows the same pixels, where one has been made. */
  #drawCoarser(context: CanvasRenderingContext2D, tile: TextureTile, { view }: DrawOptions): void {
    for (let up = 1; up <= FALLBACK_LEVELS; up++) {
      const level = tile.level + up;
      const column = tile.column >> up;
      const row = tile.row >> up;
      const canvas = this.#textures.get(`${level}/${column}/${row}`)?.context?.canvas;
      if (canvas == null) continue;
      const side = TILE_PX / 2 ** up;
      const from = {
        x: (tile.column - (column << up)) * side,
        y: (tile.row - (row << up)) * side,
        side,
      };
      place(context, view, { tile, canvas, size: this.#source.size, from });
      return;
    }
  }

  #evict(): void {
    if (this.#textures.size <= this.#maxTextures) return;
    const oldest = [...this.#textures].sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    for (const [key, { lastUsed }] of oldest.slice(0, this.#textures.size - this.#maxTextures)) {
      // What this very frame shows stays, even beyond the limit.
      if (lastUsed < this.#clock - 1) this.#textures.delete(key);
    }
  }
}

/** Draws a tile where its pixels are; neighbours share their rounded edges, so that no seam shows. */
function place(
  context: CanvasRenderingContext2D,
  view: Viewport,
  {
    tile,
    canvas,
    size,
    from = { x: 0, y: 0, side: TILE_PX },
  }: {
    tile: TextureTile;
    canvas: OffscreenCanvas;
    size: Size;
    from?: { x: number; y: number; side: number };
  },
): void {
  const span = TILE_PX * 2 ** tile.level;
  const x0 = tile.column * span;
  const y0 = tile.row * span;
  const width = Math.min(span, size.width - x0);
  const height = Math.min(span, size.height - y0);
  const to = roundedRect(view, { x0, y0, x1: x0 + width, y1: y0 + height });
  if (to.x1 <= to.x0 || to.y1 <= to.y0) return;
  context.drawImage(
    canvas,
    from.x,
    from.y,
    (from.side * width) / span,
    (from.side * height) / span,
    to.x0,
    to.y0,
    to.x1 - to.x0,
    to.y1 - to.y0,
  );
}

function roundedRect(view: Viewport, rect: Rect): Rect {
  const x = (value: number) =>
    Math.round((value - view.center.x) * view.zoom + view.screen.width / 2);
  const y = (value: number) =>
    Math.round((value - view.center.y) * view.zoom + view.screen.height / 2);
  return { x0: x(rect.x0), y0: y(rect.y0), x1: x(rect.x1), y1: y(rect.y1) };
}
