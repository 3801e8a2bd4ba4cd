/**
 * How large a TIFF says that its pixels are: by OME's and ImageJ's description, else by the resolution of TIFF 6.0.
 * Resolutions that printers and screens have say nothing of what an image shows, and are named instead of taken.
 */
import { type FoundPixelSize, squarePixel } from './found-pixel-size.ts';
import type { ImageFile } from './image-file.ts';
import { readDirectories, type TiffDirectory } from './tiff-directory.ts';

type Described = Pick<TiffDirectory, 'description' | 'resolution'>;

/** Resolutions that differ by less are the same. */
const SAME = 1e-3;
/** Dots per inch that programs write for want of anything better. */
const PRINTED = [72, 96, 100, 150, 200, 300, 600, 1200];

/** Of its first page; null: it says nothing. No pixel is read. Errors: unreadable. */
export async function pixelSizeOfTiff(
  file: ImageFile,
  subject: string,
): Promise<FoundPixelSize | null> {
  const [first] = await readDirectories(file, subject);
  return (first === undefined ? undefined : tiffPixelSize(first)) ?? null;
}

/** Undefined: nothing is said. */
export function tiffPixelSize(first: Described): FoundPixelSize | undefined {
  const { description } = first;
  if (/<(\w+:)?OME\b/.test(description)) return ofOme(description);
  if (description.startsWith('ImageJ=')) return ofImageJ(first);
  return ofResolution(first);
}

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1];

function ofOme(description: string): FoundPixelSize | undefined {
  const xml = description.replace(/<!--.*?-->/gs, '');
  const tag = /<(?:\w+:)?Pixels\b[^>]*>/.exec(xml)?.[0] ?? '';
  const [x, y] = [attribute(tag, 'PhysicalSizeX'), attribute(tag, 'PhysicalSizeY')];
  if (x === undefined) return undefined;
  // The schema's default, where no unit is named.
  const unit = (side: string) => attribute(tag, `PhysicalSize${side}Unit`) ?? 'µm';
  const sides = { x: Number(x), y: Number(y ?? x), unitX: unit('X'), unitY: unit(y ? 'Y' : 'X') };
  return squarePixel({ ...sides, where: 'its OME description' });
}

/** Pixels per unit stand in the resolution, and the unit in the description. */
function ofImageJ({ description, resolution }: Described): FoundPixelSize | undefined {
  const written = /^unit=(.*)$/m.exec(description)?.[1]?.trim();
  const unit = written?.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  if (unit === undefined || unit === '' || /^pixels?$/i.test(unit)) return undefined;
  if (resolution === null) {
    return { pixelSize: null, why: `ImageJ's description says ${unit}, but not how many` };
  }
  const sides = { x: 1 / resolution.x, y: 1 / resolution.y, unitX: unit, unitY: unit };
  return squarePixel({ ...sides, where: "ImageJ's description" });
}

function ofResolution({ resolution }: Described): FoundPixelSize | undefined {
  if (resolution === null || resolution.unit === null) return undefined;
  const { x, y, unit } = resolution;
  const perInch = unit === 'inch' ? x : x * 2.54;
  if (PRINTED.some((dots) => Math.abs(perInch / dots - 1) < SAME)) {
    const why = `its TIFF resolution of ${Math.round(perInch)} dots an inch is that of a printer or screen`;
    return { pixelSize: null, why };
  }
  // TIFF knows inches and centimetres; people who look through a microscope do not.
  const micrometres = unit === 'inch' ? 25_400 : 10_000;
  const sides = { x: micrometres / x, y: micrometres / y, unitX: 'µm', unitY: 'µm' };
  return squarePixel({ ...sides, where: 'its TIFF resolution' });
}
