/**
 * What ImageJ, OME and tifffile write into a TIFF's description about its planes: how many there are, and which of them
 * are channels of one image.
 */
import type { TiffDirectory } from './tiff-directory.ts';

export interface DescribedPlanes {
  /** Planes of this file. */
  readonly count: number;
  /** Planes by image, each group in the order of its channels; null: planes are images of their own. May not fit `count`. */
  readonly channels: readonly (readonly number[])[] | null;
  /** Whether all that is described should stand in this file. */
  readonly isOneFile: boolean;
  /** Of each plane in pixels, where it is said. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Other files that hold planes of it, or its description; and whether these are channels of the images here. */
  readonly elsewhere?: { readonly files: readonly string[]; readonly areChannels: boolean };
}

/** Undefined: nothing is said, or nothing that makes sense. */
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
  const found = inOrder(['frames', 'slices', 'channels'].map(numberOf), 2);
  const images = Number(fields.get('images') ?? found?.count ?? 1);
  if (!Number.isInteger(images) || images < 1) return undefined;
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

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1];

interface OmePlane {
  readonly image: string;
  readonly channel: number;
  readonly plane: number;
}

function describedByOme(
  first: Pick<TiffDirectory, 'description' | 'samples'>,
): DescribedPlanes | undefined {
  const xml = first.description.replace(/<!--.*?-->/gs, '');
  const own = attribute(/<(?:\w+:)?OME\b[^>]*>/.exec(xml)?.[0] ?? '', 'UUID');
  const planes: OmePlane[] = [];
  const binary = /<(?:\w+:)?BinaryOnly\b[^>]*>/.exec(xml)?.[0];
  if (binary !== undefined) {
    const files = [attribute(binary, 'MetadataFile') ?? 'another file'];
    return { count: 1, channels: null, isOneFile: false, elsewhere: { files, areChannels: true } };
  }
  const others = new Set<string>();
  let areChannels = false;
  let isOneFile = true;
  let next = 0;
  let said: DescribedPlanes['size'];
  for (const [i, [, tag = '', inside = '']] of [
    ...xml.matchAll(/<(?:\w+:)?Pixels\b([^>]*[^/>])>(.*?)<\/(?:\w+:)?Pixels>/gs),
  ].entries()) {
    const size = (axis: string) => Number(attribute(tag, `Size${axis}`) ?? 1);
    // Without both, the sides are those of the planes.
    const sides = {
      width: Number(attribute(tag, 'SizeX')),
      height: Number(attribute(tag, 'SizeY')),
    };
    if (sides.width >= 1 && sides.height >= 1) said ??= sides;
    const listed = [...inside.matchAll(/<(?:\w+:)?Channel\b/g)].length;
    const channels = listed > 0 ? listed : Math.max(1, size('C') / first.samples);
    const samples = Math.max(1, Math.round(size('C') / channels));
    const sizes: Readonly<Record<string, number>> = { C: channels, Z: size('Z'), T: size('T') };
    const order = (attribute(tag, 'DimensionOrder') ?? 'XYCZT').slice(2).split('');
    const strides = order.map((_, k) =>
      order.slice(0, k).reduce((product, axis) => product * (sizes[axis] ?? 1), 1),
    );
    const total = channels * size('Z') * size('T');
    if (!Number.isInteger(total) || total < 1 || total > 2 ** 24) return undefined;
    const add = (at: number, plane: number) => {
      const along = (axis: string) => {
        const k = order.indexOf(axis);
        return Math.floor(at / (strides[k] ?? 1)) % (sizes[axis] ?? 1);
      };
      planes.push({
        image: `${i} ${along('Z')} ${along('T')}`,
        channel: along('C'),
        plane,
      });
    };
    const data = [
      ...inside.matchAll(/<(?:\w+:)?TiffData\b([^>]*?)(?:\/>|>(.*?)<\/(?:\w+:)?TiffData>)/gs),
    ];
    for (const [, attributes = '', uuid = ''] of data.length > 0 ? data : [['', '', '']]) {
      const [, named = '', file] = /<(?:\w+:)?UUID\b([^>]*)>\s*([^<\s]*)\s*</.exec(uuid) ?? [];
      if (file !== undefined && own !== undefined && file !== own) {
        isOneFile = false;
        others.add(attribute(named, 'FileName') ?? file);
        continue;
      }
      const numberOf = (name: string) => {
        const value = attribute(` ${attributes}`, name);
        return value === undefined ? undefined : Number(value);
      };
      const begin = order.reduce((sum, axis, k) => {
        const at = (numberOf(`First${axis}`) ?? 0) / (axis === 'C' ? samples : 1);
        return sum + at * (strides[k] ?? 1);
      }, 0);
      const ifd = numberOf('IFD');
      const count = numberOf('PlaneCount') ?? (ifd === undefined ? total - begin : 1);
      const from = ifd ?? next;
      for (let k = 0; k < count && begin + k < total; k++) add(begin + k, from + k);
      next = from + count;
    }
    const held = new Set(
      planes.filter((one) => one.image.startsWith(`${i} `)).map((p) => p.channel),
    );
    areChannels ||= others.size > 0 && held.size < channels;
  }
  const elsewhere = others.size === 0 ? {} : { elsewhere: { files: [...others], areChannels } };
  if (planes.length === 0) {
    return others.size === 0 ? undefined : { count: 1, channels: null, isOneFile, ...elsewhere };
  }
  const images = [...Map.groupBy(planes, ({ image }) => image).values()].map((group) =>
    group.toSorted((a, b) => a.channel - b.channel).map(({ plane }) => plane),
  );
  images.sort((a, b) => Math.min(...a) - Math.min(...b));
  const isChannels = images.some((group) => group.length > 1);
  const ofPlanes = said === undefined ? {} : { size: said };
  const channels = isChannels ? images : null;
  return { count: planes.length, channels, isOneFile, ...ofPlanes, ...elsewhere };
}
