/** Mask values as people write them, on the command line and in the window: a number, a range ("1-40") or a colour. */

const COLOUR = /^#[0-9a-f]{6}$/i;
const RANGE = /^(\d+)(?:\s*-\s*(\d+))?$/;
/** Masks have up to 16 bits. */
const MAX_MASK_VALUE = 65_535;

export interface WrittenValues {
  /** The same in its one form: "7", "1-40", "#ff0000". */
  readonly key: string;
  /** All that it stands for. */
  readonly values: readonly string[];
}

/** Text: why it is none, as in '"x" is …'. */
export function readMaskValues(text: string): WrittenValues | string {
  if (COLOUR.test(text)) return { key: text.toLowerCase(), values: [text.toLowerCase()] };
  const [, first, last = first] = RANGE.exec(text) ?? [];
  if (first === undefined || last === undefined)
    return 'is no mask value, range of values or colour';
  const [from, to] = [Number(first), Number(last)];
  if (to > MAX_MASK_VALUE) return `goes beyond ${MAX_MASK_VALUE}`;
  if (from > to) return 'is a range that ends before it begins';
  const values = Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
  return { key: from === to ? String(from) : `${from}-${to}`, values };
}
