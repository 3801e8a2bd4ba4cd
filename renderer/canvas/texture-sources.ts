/** What textures show: the image under a display setting, or a label layer under a palette and a style. */
import type { DisplayedImage } from '../../shared/display.ts';
import { TILE_PX } from '../../shared/tiles.ts';
import type { LabelLayer } from './label-layer.ts';
import { type LabelStyle, type Palette, rasteriseLabels } from './label-raster.ts';
import type { TextureSource, TextureTile } from './textures.ts';

/** Outlines are one texel wide; beyond this zoom they grow with the pixels. */
const FINEST_OUTLINE_LEVEL = -4;

/**
 * A texel of at least one device pixel keeps lines whole; zoomed in it is one and a half to three wide, to be seen on a
 * busy image, and never wider than a pixel of the image.
 */
function outlineLevel(zoom: number): number {
  const level = Math.ceil(-Math.log2(zoom));
  const wider = Math.min(0, Math.ceil(-Math.log2(zoom / Math.SQRT2)));
  return Math.max(FINEST_OUTLINE_LEVEL, level, wider);
}

export function imageSource(displayed: DisplayedImage): TextureSource {
  const { width, height } = displayed.pixels;
  return {
    size: { width, height },
    // At least one texel a device pixel, and at most two.
    levelAt: (zoom) => Math.max(0, Math.floor(-Math.log2(zoom))),
    reach: 0,
    isEmpty: () => false,
    rasterise({ level, column, row }, _area, out) {
      const span = TILE_PX * 2 ** level;
      displayed.rasterise(
        { x0: column * span, y0: row * span, level },
        { data: out, sidePx: TILE_PX },
      );
    },
  };
}

/** Whether every label tile under a texture tile is known to be of one class that is not seen. */
function isUnseen(layer: LabelLayer, palette: Palette, { level, column, row }: TextureTile) {
  const scale = 2 ** level;
  const first = { column: Math.floor(column * scale), row: Math.floor(row * scale) };
  const count = Math.max(1, scale);
  for (let r = first.row; r < Math.min(layer.rows, first.row + count); r++) {
    for (let c = first.column; c < Math.min(layer.columns, first.column + count); c++) {
      const value = layer.uniformValue(r * layer.columns + c);
      if (value === null || (palette[value] ?? 0) !== 0) return false;
    }
  }
  return true;
}

export function labelSource(
  layer: LabelLayer,
  { palette, style }: { palette: Palette; style: LabelStyle },
): TextureSource {
  return {
    size: layer,
    levelAt: (zoom) =>
      style === 'fill' ? Math.max(0, Math.floor(-Math.log2(zoom))) : outlineLevel(zoom),
    reach: style === 'fill' ? 0 : 1,
    isEmpty: (tile) => isUnseen(layer, palette, tile),
    rasterise: (tile, area, out) =>
      rasteriseLabels(layer, { ...tile, area }, { palette, style, out }),
  };
}
