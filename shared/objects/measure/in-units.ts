/** Columns of lengths and areas in a unit, beside those in pixels. */
import { type LengthUnit, type PixelSize, sizeIn, unitInText } from '../../pixel-size.ts';
import type { MeasureColumn } from './columns.ts';

/** What a number in pixels is multiplied by; undefined: it has no unit. `side`: of a pixel, in the unit. */
export function scaleFor(kind: MeasureColumn['kind'], side: number): number | undefined {
  if (kind === 'length') return side;
  return kind === 'area' ? side ** 2 : undefined;
}

/** The unit that all are told in: that of the first that has one. */
export const commonUnit = (
  sizes: readonly { readonly pixelSize: PixelSize | null }[],
): LengthUnit | null => sizes.find(({ pixelSize }) => pixelSize !== null)?.pixelSize?.unit ?? null;

/** Side of a pixel in that unit; NaN where it is not known. */
export const sideIn = (pixelSize: PixelSize | null, unit: LengthUnit | null): number =>
  pixelSize === null || unit === null ? NaN : sizeIn(pixelSize, unit);

/** The same column in a unit: area_um2, perimeter_um. */
export const nameInUnit = ({ name, kind }: MeasureColumn, unit: LengthUnit): string =>
  `${name}_${unit}${kind === 'area' ? '2' : ''}`;

/** Of what is measured in pixels or in a unit, as people write it: "px²", "µm"; empty: it has none. */
export function unitOf(kind: MeasureColumn['kind'], unit: LengthUnit | null): string {
  const name = unit === null ? 'px' : unitInText(unit);
  if (kind === 'area') return unit === null ? 'px' : `${name}²`;
  return kind === 'length' ? name : kind === 'place' ? 'px' : '';
}
