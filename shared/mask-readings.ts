/** The ways in which the values of masks can be read, where the layout of a folder does not say what they mean. */

export const MASK_READINGS = [
  'auto',
  'values',
  'levels',
  'black-white',
  'foreground',
  'alpha',
  'colour',
] as const;
export type MaskReading = (typeof MASK_READINGS)[number];

export const MASK_READING_WORDS: Readonly<Record<MaskReading, string>> = {
  auto: 'as the values look',
  values: 'each value is a class of its own',
  levels: 'values that form regions are classes, the others go to the nearest of them',
  'black-white': 'two values: above half of the largest is the foreground',
  foreground: 'all but 0 (black) is the foreground',
  alpha: 'the alpha channel is the mask',
  colour: 'the colours are the mask, alpha is left out',
};
