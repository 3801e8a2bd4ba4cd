/** Words for what is doubtful about masks, and for the readings that stand beside a proposal. */
import type { ImportAlternative, ImportDoubt } from '../../../shared/api.ts';
import { MASK_READING_WORDS, type MaskReading } from '../../../shared/mask-readings.ts';
import type { FoundValue } from './value-mapping.ts';
import { verbFor } from '../../../shared/number-format.ts';

const LISTED = 5;
/** More values without a name are no classes that somebody forgot. */
const MOST_UNNAMED = 8;

/** "3 px" */
export const pixelsInText = (pixels: number): string => `${pixels.toLocaleString('en-US')} px`;

/** "1, 2 and 7", "#ff0000 and 12 more" */
export function valuesInText(values: readonly Pick<FoundValue, 'name'>[]): string {
  const names = values.map(({ name }) => name);
  const shown = names.length > LISTED + 1 ? names.slice(0, LISTED) : names;
  const more = names.length - shown.length;
  const all = more > 0 ? [...shown, `${more} more`] : shown;
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`;
}

/** Another reading of all values. `words`: what it comes to here, where that is more than its usual words. */
export const instead = (
  reading: MaskReading,
  words: string = MASK_READING_WORDS[reading],
): ImportAlternative => ({ words, flag: `--read ${reading}`, reading, mapping: null });

/** Another class for one value. */
export const mapped = (value: string, becomes: number, words: string): ImportAlternative => ({
  words,
  flag: `--map ${value}=${becomes}`,
  reading: 'auto',
  mapping: { [value]: becomes },
});

/** Values that the list of classes of a layout does not name; nothing where they are too many to be classes. */
export function unnamedDoubts(
  values: readonly FoundValue[],
  {
    classes,
    why,
  }: { readonly classes: readonly { readonly index: number }[]; readonly why: string },
): ImportDoubt[] {
  if (values.length === 0 || values.length > MOST_UNNAMED) return [];
  const next = Math.max(0, ...classes.map(({ index }) => index)) + 1;
  const mapping = Object.fromEntries(values.map(({ name }, i) => [name, next + i]));
  const pixels = pixelsInText(values.reduce((sum, f) => sum + f.pixels, 0));
  const [have, are] = [verbFor(values.length, 'have'), verbFor(values.length, 'are')];
  return [
    {
      message: `${valuesInText(values)} (${pixels}) ${have} no name (${why}) and ${are} ignored.`,
      instead: [
        {
          words: values.length === 1 ? 'a class of its own' : 'each a class of its own',
          flag: `--map ${Object.entries(mapping)
            .map(([value, index]) => `${value}=${index}`)
            .join(',')}`,
          reading: 'auto',
          mapping,
        },
      ],
    },
  ];
}

/** "1 and 3 cover only 3 px and form no region" */
export function strayInText(values: readonly Pick<FoundValue, 'name' | 'pixels'>[]): string {
  const pixels = pixelsInText(values.reduce((sum, f) => sum + f.pixels, 0));
  const [cover, form] = [verbFor(values.length, 'cover'), verbFor(values.length, 'form')];
  return `${valuesInText(values)} ${cover} only ${pixels} and ${form} no region`;
}
