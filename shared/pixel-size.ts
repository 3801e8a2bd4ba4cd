/** How large a pixel of an image is, and what that makes of lengths and areas that were measured in pixels. */
import { z } from 'zod';

export const LENGTH_UNITS = ['nm', 'um', 'mm', 'cm', 'm'] as const;
export const LengthUnit = z.enum(LENGTH_UNITS);
export type LengthUnit = z.infer<typeof LengthUnit>;

/** Side of a pixel; pixels that are not square have none. */
export const PixelSize = z.object({
  size: z.number().positive().max(1e9),
  unit: LengthUnit,
});
export type PixelSize = Readonly<z.infer<typeof PixelSize>>;

const METRES: Readonly<Record<LengthUnit, number>> = {
  nm: 1e-9,
  um: 1e-6,
  mm: 1e-3,
  cm: 1e-2,
  m: 1,
};

/** As people write it: µm. */
export const unitInText = (unit: LengthUnit): string => (unit === 'um' ? 'µm' : unit);

export const pixelSizeInText = ({ size, unit }: PixelSize): string =>
  `${Number(size.toPrecision(6))} ${unitInText(unit)}`;

/** Side of a pixel in `unit`. */
export const sizeIn = ({ size, unit }: PixelSize, other: LengthUnit): number =>
  unit === other ? size : size * (METRES[unit] / METRES[other]);

/** Names that files give to lengths, and how many of one of ours each is. */
const NAMES: Readonly<Record<string, readonly [number, LengthUnit]>> = {
  nm: [1, 'nm'],
  nanometer: [1, 'nm'],
  nanometre: [1, 'nm'],
  å: [0.1, 'nm'],
  angstrom: [0.1, 'nm'],
  um: [1, 'um'],
  µm: [1, 'um'],
  μm: [1, 'um'],
  micron: [1, 'um'],
  microns: [1, 'um'],
  micrometer: [1, 'um'],
  micrometre: [1, 'um'],
  mm: [1, 'mm'],
  millimeter: [1, 'mm'],
  millimetre: [1, 'mm'],
  cm: [1, 'cm'],
  centimeter: [1, 'cm'],
  centimetre: [1, 'cm'],
  m: [1, 'm'],
  meter: [1, 'm'],
  metre: [1, 'm'],
  in: [25.4, 'mm'],
  inch: [25.4, 'mm'],
};

/** A size in whatever unit a file names; null where that is no length, or the size none. */
export function pixelSizeOf(size: number, unit: string): PixelSize | null {
  const name = unit.trim().toLowerCase();
  const known = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (known === undefined || !(size > 0) || !Number.isFinite(size)) return null;
  // Where a file says how many pixels there are to a unit, its reciprocal has a digit too many.
  return { size: Number((size * known[0]).toPrecision(12)), unit: known[1] };
}
