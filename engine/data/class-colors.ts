/** Colours that new classes get: distinguishable with every common kind of colour blindness. */
import { BACKGROUND, MAX_CLASSES, type SegmentationClass } from '../../shared/entities.ts';

const BACKGROUND_COLOR = '#000000';

/** Okabe and Ito, "Color Universal Design" (2008), without the black. */
const OKABE_ITO = [
  [0xe6, 0x9f, 0x00], // orange
  [0x56, 0xb4, 0xe9], // sky blue
  [0x00, 0x9e, 0x73], // bluish green
  [0xf0, 0xe4, 0x42], // yellow
  [0x00, 0x72, 0xb2], // blue
  [0xd5, 0x5e, 0x00], // vermilion
  [0xcc, 0x79, 0xa7], // reddish purple
] as const;

/** Each round through the palette is this much darker; eight rounds stay apart, then they repeat. */
const DARKER = 0.82;
const ROUNDS = 8;

/** '#rrggbb' for a class index, 0 … 254. */
export function classColor(index: number): string {
  if (index === BACKGROUND) return BACKGROUND_COLOR;
  const [r, g, b] = OKABE_ITO[(index - 1) % OKABE_ITO.length] ?? [0, 0, 0];
  const shade = DARKER ** (Math.floor((index - 1) / OKABE_ITO.length) % ROUNDS);
  const hex = (channel: number) =>
    Math.round(channel * shade)
      .toString(16)
      .padStart(2, '0');
  return `#${hex(r)}${hex(g)}${hex(b)}`;
}

/** Where class 0 is no background, it is drawn like the others: the black of a background becomes a colour of its own. */
export function colourClassZero(classes: readonly SegmentationClass[]): SegmentationClass[] {
  const taken = new Set(classes.map(({ color }) => color));
  const free = Array.from({ length: MAX_CLASSES - 1 }, (_, i) => classColor(i + 1)).find(
    (color) => !taken.has(color),
  );
  return classes.map((one) =>
    one.index === BACKGROUND && one.color === BACKGROUND_COLOR
      ? { ...one, color: free ?? one.color }
      : one,
  );
}

/** Classes 0, 1, … with these names and their colours. */
export const namedClasses = (names: readonly string[]): SegmentationClass[] =>
  names.map((name, index) => ({ index, name, color: classColor(index) }));
