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
  /** How many pages it numbers, where it numbers them one by one. */
  readonly pages?: number;
  /** How OME calls what the samples are: 'uint16', 'float'. */
  readonly type?: string;
  /** What of it cannot be, in words; where it is not enough to go on, the pages are images as if nothing was said. */
  readonly faults?: readonly string[];
  /** Other files that hold planes of it, or its description; and whether these are channels of the images here. */
  readonly elsewhere?: { readonly files: readonly string[]; readonly areChannels: boolean };
}

/** Of a description that is not used, and why. */
const unusable = (...faults: readonly string[]): DescribedPlanes => ({
  ...{ count: 1, channels: null, isOneFile: false },
  faults,
});

const isNatural = (value: number): boolean => Number.isInteger(value) && value >= 1;

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

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1];

const AXES = ['X', 'Y', 'Z', 'C', 'T'];
/** More than any file of ours has directories. */
const MOST_PLANES = 2 ** 24;

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
  let type: string | undefined;
  const faults: string[] = [];
  const begun = [...xml.matchAll(/<(?:\w+:)?Pixels\b/g)].length;
  const ended = [...xml.matchAll(/<\/(?:\w+:)?Pixels>|<(?:\w+:)?Pixels\b[^>]*\/>/g)].length;
  if (begun === 0 || begun !== ended) return unusable('(OME) is cut off or names no pixels');
  for (const [i, [, tag = '', inside = '']] of [
    ...xml.matchAll(/<(?:\w+:)?Pixels\b([^>]*[^/>])>(.*?)<\/(?:\w+:)?Pixels>/gs),
  ].entries()) {
    const size = (axis: string) => Number(attribute(tag, `Size${axis}`) ?? 1);
    const bad = AXES.flatMap((axis) => {
      const written = attribute(tag, `Size${axis}`);
      return written === undefined || isNatural(Number(written))
        ? []
        : [`Size${axis}="${written}"`];
    });
    const order = attribute(tag, 'DimensionOrder') ?? 'XYCZT';
    if (!/^XY(CZT|CTZ|ZCT|ZTC|TCZ|TZC)$/.test(order)) bad.push(`DimensionOrder="${order}"`);
    if (bad.length > 0) return unusable(`(OME) says ${bad.join(', ')}, which cannot be`);
    type ??= attribute(tag, 'Type');
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
    const outer = order.slice(2).split('');
    const strides = outer.map((_, k) =>
      outer.slice(0, k).reduce((product, axis) => product * (sizes[axis] ?? 1), 1),
    );
    const total = channels * size('Z') * size('T');
    if (!isNatural(total) || total > MOST_PLANES) {
      return unusable(`(OME) speaks of ${total} planes, which cannot be`);
    }
    const add = (at: number, plane: number) => {
      const along = (axis: string) => {
        const k = outer.indexOf(axis);
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
    const listedData = data.length > 0 ? data : [['', '', '']];
    for (const [n, [, attributes = '', uuid = '']] of listedData.entries()) {
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
      const bad = outer
        .map((axis): [string, number] => [`First${axis}`, size(axis)])
        .concat([
          ['IFD', MOST_PLANES],
          ['PlaneCount', MOST_PLANES],
        ])
        .filter(([name, most]) => {
          const value = numberOf(name) ?? 0;
          return !(Number.isInteger(value) && value >= 0 && value < most);
        })
        .map(([name]) => `${name}="${attribute(` ${attributes}`, name) ?? ''}"`);
      if (bad.length > 0) {
        faults.push(`(OME) says ${bad.join(', ')} in its TiffData ${n + 1}, which cannot be`);
        continue;
      }
      const begin = outer.reduce((sum, axis, k) => {
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
  const elsewhere = {
    ...(others.size === 0 ? {} : { elsewhere: { files: [...others], areChannels } }),
    ...(faults.length === 0 ? {} : { faults }),
    ...(type === undefined ? {} : { type }),
  };
  if (planes.length === 0) {
    const isSaid = others.size > 0 || faults.length > 0;
    return isSaid ? { count: 1, channels: null, isOneFile: false, ...elsewhere } : undefined;
  }
  const images = [...Map.groupBy(planes, ({ image }) => image).values()].map((group) =>
    group.toSorted((a, b) => a.channel - b.channel).map(({ plane }) => plane),
  );
  images.sort((a, b) => Math.min(...a) - Math.min(...b));
  const isChannels = images.some((group) => group.length > 1);
  const ofPlanes = said === undefined ? {} : { size: said };
  const channels = isChannels ? images : null;
  const pages = planes.reduce((most, { plane }) => Math.max(most, plane + 1), 0);
  return { count: planes.length, channels, isOneFile, pages, ...ofPlanes, ...elsewhere };
}
