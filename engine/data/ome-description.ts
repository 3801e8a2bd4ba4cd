/**
 * What OME-XML in the description of a TIFF says of its planes: how many there are, which of them are channels of one image,
 * and which lie in other files. https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html
 */
import { type DescribedPlanes, isNatural, unusable } from './described-planes.ts';
import type { TiffDirectory } from './tiff-directory.ts';

const AXES = ['X', 'Y', 'Z', 'C', 'T'];
/** More than any file of ours has directories. */
const MOST_PLANES = 2 ** 24;

interface OmePlane {
  /** Planes of one image are its channels. */
  readonly image: string;
  readonly channel: number;
  readonly plane: number;
}

/** How the planes of one Pixels element run. */
interface PlaneOrder {
  /** Planes that are channels of one image, and the samples that each of them holds. */
  readonly channels: number;
  readonly samples: number;
  /** The axes that planes run along, the fastest first. */
  readonly axes: readonly string[];
  /** Of each axis: planes along it, what the element says of its size, and planes from one to the next. */
  readonly planes: Readonly<Record<string, number>>;
  readonly written: Readonly<Record<string, number>>;
  readonly strides: Readonly<Record<string, number>>;
  readonly total: number;
}

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1];

/** Text: why it cannot be. `pageSamples`: samples of a pixel in the file. */
function orderOf(
  { tag, inside }: { readonly tag: string; readonly inside: string },
  pageSamples: number,
): PlaneOrder | string {
  const size = (axis: string) => Number(attribute(tag, `Size${axis}`) ?? 1);
  const bad = AXES.flatMap((axis) => {
    const written = attribute(tag, `Size${axis}`);
    return written === undefined || isNatural(Number(written)) ? [] : [`Size${axis}="${written}"`];
  });
  const order = attribute(tag, 'DimensionOrder') ?? 'XYCZT';
  if (!/^XY(CZT|CTZ|ZCT|ZTC|TCZ|TZC)$/.test(order)) bad.push(`DimensionOrder="${order}"`);
  if (bad.length > 0) return `(OME) says ${bad.join(', ')}, which cannot be`;
  const listed = [...inside.matchAll(/<(?:\w+:)?Channel\b/g)].length;
  const channels = listed > 0 ? listed : Math.max(1, size('C') / pageSamples);
  const written = { C: size('C'), Z: size('Z'), T: size('T') };
  const planes: Readonly<Record<string, number>> = { ...written, C: channels };
  const axes = order.slice(2).split('');
  const strides = Object.fromEntries(
    axes.map((axis, k) => [
      axis,
      axes.slice(0, k).reduce((product, faster) => product * (planes[faster] ?? 1), 1),
    ]),
  );
  const total = channels * written.Z * written.T;
  if (!isNatural(total) || total > MOST_PLANES) {
    return `(OME) speaks of ${total} planes, which cannot be`;
  }
  const samples = Math.max(1, Math.round(written.C / channels));
  return { channels, samples, axes, planes, written, strides, total };
}

/** Gathers the planes of this file from its Pixels elements. */
class PlaneList {
  readonly planes: OmePlane[] = [];
  /** Files that hold others. */
  readonly others = new Set<string>();
  readonly faults: string[] = [];
  /** Whether these are channels of the images here. */
  othersAreChannels = false;
  readonly #own: string | undefined;
  #next = 0;

  /** `own`: the UUID of this file. */
  constructor(own: string | undefined) {
    this.#own = own;
  }

  /** The planes of Pixels element `element`. */
  add(element: number, order: PlaneOrder, inside: string): void {
    const before = this.planes.length;
    const data = [
      ...inside.matchAll(/<(?:\w+:)?TiffData\b([^>]*?)(?:\/>|>(.*?)<\/(?:\w+:)?TiffData>)/gs),
    ];
    const listed = data.length > 0 ? data : [['', '', '']];
    for (const [n, [, attributes = '', uuid = '']] of listed.entries()) {
      if (!this.#isElsewhere(uuid)) this.#addData(element, order, { n, tag: ` ${attributes}` });
    }
    const held = new Set(this.planes.slice(before).map(({ channel }) => channel));
    this.othersAreChannels ||= this.others.size > 0 && held.size < order.channels;
  }

  #isElsewhere(uuid: string): boolean {
    const [, named = '', file] = /<(?:\w+:)?UUID\b([^>]*)>\s*([^<\s]*)\s*</.exec(uuid) ?? [];
    if (file === undefined || this.#own === undefined || file === this.#own) return false;
    this.others.add(attribute(named, 'FileName') ?? file);
    return true;
  }

  /** Planes of one TiffData, whose attributes are those of `tag`. */
  #addData(
    element: number,
    order: PlaneOrder,
    { n, tag }: { readonly n: number; readonly tag: string },
  ): void {
    const { axes, samples, strides, total, written } = order;
    const numberOf = (name: string) => {
      const value = attribute(tag, name);
      return value === undefined ? undefined : Number(value);
    };
    const bad = axes
      .map((axis): [string, number] => [`First${axis}`, written[axis] ?? 1])
      .concat([
        ['IFD', MOST_PLANES],
        ['PlaneCount', MOST_PLANES],
      ])
      .filter(([name, most]) => {
        const value = numberOf(name) ?? 0;
        return !(Number.isInteger(value) && value >= 0 && value < most);
      })
      .map(([name]) => `${name}="${attribute(tag, name) ?? ''}"`);
    if (bad.length > 0) {
      this.faults.push(`(OME) says ${bad.join(', ')} in its TiffData ${n + 1}, which cannot be`);
      return;
    }
    const begin = axes.reduce((sum, axis) => {
      const at = (numberOf(`First${axis}`) ?? 0) / (axis === 'C' ? samples : 1);
      return sum + at * (strides[axis] ?? 1);
    }, 0);
    const ifd = numberOf('IFD');
    const count = numberOf('PlaneCount') ?? (ifd === undefined ? total - begin : 1);
    const from = ifd ?? this.#next;
    for (let k = 0; k < count && begin + k < total; k++) {
      this.#addPlane(element, order, { at: begin + k, plane: from + k });
    }
    this.#next = from + count;
  }

  #addPlane(
    element: number,
    { planes, strides }: PlaneOrder,
    { at, plane }: { readonly at: number; readonly plane: number },
  ): void {
    const along = (axis: string) => Math.floor(at / (strides[axis] ?? 1)) % (planes[axis] ?? 1);
    this.planes.push({
      image: `${element} ${along('Z')} ${along('T')}`,
      channel: along('C'),
      plane,
    });
  }

  /** Planes by image, each in the order of its channels; null: planes are images of their own. */
  channels(): number[][] | null {
    const images = [...Map.groupBy(this.planes, ({ image }) => image).values()].map((group) =>
      group.toSorted((a, b) => a.channel - b.channel).map(({ plane }) => plane),
    );
    images.sort((a, b) => Math.min(...a) - Math.min(...b));
    return images.some((group) => group.length > 1) ? images : null;
  }
}

/** Undefined: it says nothing of planes. */
export function describedByOme(
  first: Pick<TiffDirectory, 'description' | 'samples'>,
): DescribedPlanes | undefined {
  const xml = first.description.replace(/<!--.*?-->/gs, '');
  const binary = /<(?:\w+:)?BinaryOnly\b[^>]*>/.exec(xml)?.[0];
  if (binary !== undefined) {
    const files = [attribute(binary, 'MetadataFile') ?? 'another file'];
    return { count: 1, channels: null, isOneFile: false, elsewhere: { files, areChannels: true } };
  }
  const begun = [...xml.matchAll(/<(?:\w+:)?Pixels\b/g)].length;
  const ended = [...xml.matchAll(/<\/(?:\w+:)?Pixels>|<(?:\w+:)?Pixels\b[^>]*\/>/g)].length;
  if (begun === 0 || begun !== ended) return unusable('(OME) is cut off or names no pixels');
  const list = new PlaneList(attribute(/<(?:\w+:)?OME\b[^>]*>/.exec(xml)?.[0] ?? '', 'UUID'));
  let size: DescribedPlanes['size'];
  let type: string | undefined;
  for (const [element, [, tag = '', inside = '']] of [
    ...xml.matchAll(/<(?:\w+:)?Pixels\b([^>]*[^/>])>(.*?)<\/(?:\w+:)?Pixels>/gs),
  ].entries()) {
    const order = orderOf({ tag, inside }, first.samples);
    if (typeof order === 'string') return unusable(order);
    type ??= attribute(tag, 'Type');
    // Without both, the sides are those of the planes.
    const [width, height] = ['X', 'Y'].map((axis) => Number(attribute(tag, `Size${axis}`)));
    if (width !== undefined && height !== undefined && width >= 1 && height >= 1) {
      size ??= { width, height };
    }
    list.add(element, order, inside);
  }
  const { planes, others, faults, othersAreChannels: areChannels } = list;
  const besides = {
    ...(others.size === 0 ? {} : { elsewhere: { files: [...others], areChannels } }),
    ...(faults.length === 0 ? {} : { faults }),
    ...(type === undefined ? {} : { type }),
  };
  if (planes.length === 0) {
    const isSaid = others.size > 0 || faults.length > 0;
    return isSaid ? { count: 1, channels: null, isOneFile: false, ...besides } : undefined;
  }
  const pages = planes.reduce((most, { plane }) => Math.max(most, plane + 1), 0);
  return {
    ...{ count: planes.length, channels: list.channels(), isOneFile: others.size === 0, pages },
    ...(size === undefined ? {} : { size }),
    ...besides,
  };
}
