/**
 * What is measured of an object, and what each column is called: as in scikit-image's `regionprops_table` where that has
 * the quantity. docs/measuring.md says of each where its formula is from.
 */

/** What a number is of: it decides how it is shown, and what a pixel size does to it. */
export type MeasureKind = 'area' | 'length' | 'ratio' | 'angle' | 'place' | 'flag' | 'intensity';

export interface MeasureColumn {
  readonly name: string;
  /** In words. */
  readonly title: string;
  readonly kind: MeasureKind;
}

/** What stands before what was measured in a table of a dataset: number of the image, of the object, and its class. */
export const TABLE_KEYS = ['image', 'label', 'class'] as const;

export const SHAPE_COLUMNS = [
  { name: 'area', title: 'Area', kind: 'area' },
  { name: 'perimeter', title: 'Perimeter', kind: 'length' },
  { name: 'equivalent_diameter_area', title: 'Equivalent diameter', kind: 'length' },
  { name: 'axis_major_length', title: 'Major axis', kind: 'length' },
  { name: 'axis_minor_length', title: 'Minor axis', kind: 'length' },
  { name: 'feret_diameter_max', title: 'Feret diameter', kind: 'length' },
  { name: 'feret_diameter_min', title: 'Least Feret diameter', kind: 'length' },
  { name: 'area_convex', title: 'Convex area', kind: 'area' },
  { name: 'circularity', title: 'Circularity', kind: 'ratio' },
  { name: 'solidity', title: 'Solidity', kind: 'ratio' },
  { name: 'eccentricity', title: 'Eccentricity', kind: 'ratio' },
  { name: 'orientation', title: 'Orientation', kind: 'angle' },
  { name: 'centroid-0', title: 'Centre, row', kind: 'place' },
  { name: 'centroid-1', title: 'Centre, column', kind: 'place' },
  { name: 'bbox-0', title: 'Top', kind: 'place' },
  { name: 'bbox-1', title: 'Left', kind: 'place' },
  { name: 'bbox-2', title: 'Bottom', kind: 'place' },
  { name: 'bbox-3', title: 'Right', kind: 'place' },
  { name: 'touches_border', title: 'Touches the border', kind: 'flag' },
] as const satisfies readonly MeasureColumn[];
export type ShapeName = (typeof SHAPE_COLUMNS)[number]['name'];

const INTENSITIES = ['mean', 'min', 'max', 'sum', 'std'] as const;
export type IntensityName = (typeof INTENSITIES)[number];

const INTENSITY_WORDS: Readonly<Record<IntensityName, string>> = {
  mean: 'Mean',
  min: 'Least',
  max: 'Largest',
  sum: 'Sum',
  std: 'SD',
};

/** Of channel 0 …, each after its kind as regionprops_table has them. */
export const intensityColumns = (
  channels: number,
): readonly (MeasureColumn & { readonly of: IntensityName; readonly channel: number })[] =>
  INTENSITIES.flatMap((of) =>
    Array.from({ length: channels }, (_, channel) => ({
      ...{ name: `intensity_${of}-${channel}`, kind: 'intensity' as const, of, channel },
      title: `${INTENSITY_WORDS[of]} of channel ${channel + 1}`,
    })),
  );
