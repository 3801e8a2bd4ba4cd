/** What a description in a TIFF says of its planes, whichever program wrote it (tiff-description.ts, ome-description.ts). */

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
export const unusable = (...faults: readonly string[]): DescribedPlanes => ({
  ...{ count: 1, channels: null, isOneFile: false },
  faults,
});

export const isNatural = (value: number): boolean => Number.isInteger(value) && value >= 1;
