/** Objects that a second mask numbers, as Pascal VOC's SegmentationObject does. */
import { IGNORE } from '../../../shared/entities.ts';
import type { DecodedMask } from '../decoded-mask.ts';

/** In 16 bits, what 255 is in 8. */
const IGNORED_OF_16_BITS = 65_535;
/** VOC's own colour of what is ignored. */
const IGNORED_COLOUR = 0xe0_e0_c0;

/**
 * The number of the object of each pixel: every value of `numbers` but 0 and what it ignores is an object, of one value of
 * `classes`; `split`: how many lie on several of these and become as many. Both masks are of one size.
 */
export function objectsOfSecondMask(
  numbers: DecodedMask,
  classes: DecodedMask,
): { readonly objects: Uint32Array; readonly split: number } {
  const isWide = numbers.values instanceof Uint16Array;
  // Of 32 bits: all of them are objects.
  const numbered = numbers.objects ?? numbers.values;
  const narrow = isWide ? IGNORED_OF_16_BITS : IGNORE;
  const grey = numbers.objects === undefined ? narrow : null;
  const ignored = numbers.kind === 'colour' ? IGNORED_COLOUR : grey;
  const objects = new Uint32Array(numbers.values.length);
  /** Of each object, the numbers that it has become by value. */
  const known = new Map<number, Map<number, number>>();
  let next = 1;
  for (let i = 0; i < objects.length; i++) {
    const number = numbered[i] ?? 0;
    const value = classes.values[i] ?? 0;
    if (number === 0 || number === ignored) continue;
    const own = known.get(number) ?? new Map<number, number>();
    if (own.size === 0) known.set(number, own);
    const before = own.get(value);
    if (before === undefined) own.set(value, next);
    objects[i] = before ?? next++;
  }
  // Numbers often reach a little over the background: that part is taken out where 0 is it, and is no class of its own.
  const classesOf = (own: ReadonlyMap<number, number>) => own.size - (own.has(0) ? 1 : 0);
  return { objects, split: [...known.values()].filter((own) => classesOf(own) > 1).length };
}
