/**
 * What ImageJ and tifffile write into a TIFF's description about its planes: how many there are, and which of them are
 * channels of one image. OME's is read by ome-description.ts.
 */
import { type DescribedPlanes, isNatural, unusable } from './described-planes.ts';
import { describedByOme } from './ome-description.ts';
import type { TiffDirectory } from './tiff-directory.ts';

/** Undefined: nothing is said of planes. */
export function describedPlanes(
  first: Pick<TiffDirectory, 'description' | 'width' | 'height' | 'samples'>,
): DescribedPlanes | undefined {
  const { description } = first;
  if (description.startsWith('ImageJ=')) return describedByImageJ(description);
  if (/^\s*\{/.test(description)) return describedByShape(first);
  if (/<(\w+:)?OME\b/.test(description)) return describedByOme(first);
  return undefined;
}

/** Sizes of the axes that planes run along, the slowest first, and which of them is that of channels (−1: none). */
function inOrder(sizes: readonly number[], channelAxis: number): DescribedPlanes | undefined {
  if (!sizes.every((size) => Number.isInteger(size) && size >= 1)) return undefined;
  const count = sizes.reduce((product, size) => product * size, 1);
  const channels = sizes[channelAxis] ?? 1;
  if (channels === 1) return { count, channels: null, isOneFile: true };
  const stride = sizes.slice(channelAxis + 1).reduce((product, size) => product * size, 1);
  const groups = Array.from({ length: count / channels }, (_, i) => {
    const base = Math.floor(i / stride) * stride * channels + (i % stride);
    return Array.from({ length: channels }, (__, c) => base + c * stride);
  });
  return { count, channels: groups, isOneFile: true };
}

/** Lines of key=value; its planes run through channels first, then slices, then frames. */
function describedByImageJ(description: string): DescribedPlanes | undefined {
  const fields = new Map(
    description.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
  const numberOf = (key: string) => Number(fields.get(key) ?? 1);
  const bad = ['images', 'frames', 'slices', 'channels'].filter((key) => !isNatural(numberOf(key)));
  if (bad.length > 0) {
    return unusable(
      ...bad.map((key) => `(ImageJ) says ${key}=${fields.get(key) ?? ''}, which cannot be`),
    );
  }
  const found = inOrder(['frames', 'slices', 'channels'].map(numberOf), 2);
  const images = Number(fields.get('images') ?? found?.count ?? 1);
  return { count: images, channels: found?.channels ?? null, isOneFile: true };
}

/** tifffile: {"shape": [4, 3, 48, 72], "axes": "ZCYX"}. */
function describedByShape(
  first: Pick<TiffDirectory, 'description' | 'width' | 'height' | 'samples'>,
): DescribedPlanes | undefined {
  let json: unknown;
  try {
    json = JSON.parse(first.description);
  } catch {
    return undefined; // somebody's own text in braces
  }
  if (typeof json !== 'object' || json === null || !('shape' in json)) return undefined;
  const { shape } = json;
  if (!Array.isArray(shape)) return undefined;
  const sizes = shape.map(Number);
  const planes =
    sizes.reduce((product, size) => product * size, 1) /
    (first.width * first.height * first.samples);
  const axes = 'axes' in json && typeof json.axes === 'string' ? json.axes : '';
  // The axes before those that a page holds.
  const outer = sizes.findIndex(
    (_, i) => sizes.slice(0, i).reduce((product, size) => product * size, 1) === planes,
  );
  if (outer < 0) return undefined;
  const channelAxis = axes.length === sizes.length ? axes.slice(0, outer).indexOf('C') : -1;
  return inOrder(sizes.slice(0, outer), channelAxis);
}
