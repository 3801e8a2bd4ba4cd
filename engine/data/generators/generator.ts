/** What a generator is: a source of images with label maps, each a function of (seed, index) alone. */
import type { SegmentationClass } from '../../../shared/entities.ts';
import type { LabelMap } from '../../../shared/label-map.ts';

export interface GeneratedImage {
  /** File name, unique among the images of a dataset. */
  readonly name: string;
  readonly image: {
    readonly width: number;
    readonly height: number;
    readonly channels: 1 | 3;
    /** [height · width · channels], 0 … 255 */
    readonly data: Uint8Array;
  };
  readonly labelMap: LabelMap;
  /** Index into the generator's imageClasses; null where it has none. */
  readonly imageClass: number | null;
}

export interface DrawOptions {
  readonly sizePx: number;
  readonly seed: number;
}

export interface Generator {
  /** What `datasets.generate` calls it. */
  readonly name: string;
  readonly description: string;
  readonly defaults: { readonly count: number; readonly sizePx: number };
  readonly classes: readonly SegmentationClass[];
  readonly imageClasses: readonly string[];
  /** Image `index` of the endless sequence of `seed`: the same however many are drawn. */
  draw(index: number, options: DrawOptions): GeneratedImage;
}

export const imageName = (index: number): string => `${String(index).padStart(5, '0')}.png`;

/** Okabe and Ito's colour-blind-safe palette; the background is black. */
const COLORS = ['#000000', '#e69f00', '#56b4e9', '#009e73', '#f0e442', '#cc79a7'];

/** Background and the named foreground classes, in this order. */
export function classesOf(...foreground: readonly string[]): SegmentationClass[] {
  return ['background', ...foreground].map((name, index) => ({
    index,
    name,
    color: COLORS[index % COLORS.length] ?? '#000000',
  }));
}
