/** Reading JSON that anybody may have written, a field at a time: what is not as expected is told apart and never trusted. */

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** No fields where there is no object. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Empty where there is no text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** NaN for what is no number, also not as text. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

/** A number or a text as the text by which things are told apart; null: neither. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** Pixels of an image, as a file says; null where it does not. */
export function sizeOf(
  width: unknown,
  height: unknown,
): { readonly width: number; readonly height: number } | null {
  const size = { width: numberOf(width), height: numberOf(height) };
  const isSide = (side: number) => Number.isInteger(side) && side > 0;
  return isSide(size.width) && isSide(size.height) ? size : null;
}

/** [[x, y], …] as [x, y, …], with NaN for what is no number. */
export const pointsOf = (value: unknown): number[] =>
  listOf(value).flatMap((point) => {
    const [x, y] = listOf(point);
    return [numberOf(x), numberOf(y)];
  });

/** '#rrggbb' of three channels of 0 … 255; null: they are none. */
export function colorOf(channels: readonly unknown[]): string | null {
  const [red, green, blue] = channels.map(numberOf);
  if (red === undefined || green === undefined || blue === undefined) return null;
  const all = [red, green, blue];
  if (!all.every((c) => Number.isInteger(c) && c >= 0 && c <= 255)) return null;
  return `#${all.map((c) => c.toString(16).padStart(2, '0')).join('')}`;
}

/** A name that means the object that everything comes of, and is no field of anything: why it is not used; null: it is not there. */
export const protoNote = (fields: Fields): string | null =>
  Object.hasOwn(fields, '__proto__') ? 'its field __proto__ is left out' : null;
