/**
 * Names of key presses: `B`, `Shift+[`, `Mod+Z`, `ArrowLeft`. Mod is Control, and Command on a Mac. Signs that need
 * Shift are written as themselves (`?`), and the same press may have two names: what it types, and what the key in that
 * place says on the keyboard that names are written for. So keys are there on every keyboard: Х is also [, and the row
 * of digits is digits whatever it types without Shift.
 */

/** The part of a KeyboardEvent that counts. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  getModifierState(key: string): boolean;
}

/** What keys say without Shift, by their place (KeyboardEvent.code); letters and digits have it in their code. */
const SIGN_OF_PLACE: Readonly<Record<string, string>> = {
  Backquote: '`',
  Minus: '-',
  Equal: '=',
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Comma: ',',
  Period: '.',
  Slash: '/',
};
const PLACE_OF_SIGN = new Map(Object.entries(SIGN_OF_PLACE).map(([place, sign]) => [sign, place]));

const MODIFIER_KEYS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph']);
/** A press of which only the place is known: accents that wait for their letter, and input methods. */
const UNTYPED_KEYS = new Set(['Dead', 'Process', 'Unidentified']);

const isLetter = (key: string) => key.length === 1 && key.toLowerCase() !== key.toUpperCase();
const isDigit = (key: string) => /^\d$/.test(key);
export const isBracket = (key: string): boolean => /^[[\]]$/.test(key);

const signOfPlace = (code: string): string | undefined =>
  /^(?:Key|Digit)([A-Z\d])$/.exec(code)?.[1] ?? SIGN_OF_PLACE[code];

/** Where a letter, digit or sign of a name stands; undefined for those that need Shift, and for named keys. */
export function placeOfSign(sign: string): string | undefined {
  if (/^[A-Z]$/.test(sign)) return `Key${sign}`;
  return isDigit(sign) ? `Digit${sign}` : PLACE_OF_SIGN.get(sign);
}

/** Names of the key alone and whether Shift belongs to them, in the order in which they count. */
export function keysOf(press: KeyPress): string[] {
  const { key, code, shiftKey } = press;
  if (MODIFIER_KEYS.has(key)) return [];
  const withShift = (name: string) => (shiftKey ? `Shift+${name}` : name);
  if (key === ' ') return [withShift('Space')];
  const place = signOfPlace(code);
  if (UNTYPED_KEYS.has(key)) return place === undefined ? [] : [withShift(place)];
  if (key.length > 1) return [withShift(key)];
  const typed = isLetter(key) ? withShift(key.toUpperCase()) : key;
  // What AltGr types is meant; and a Latin letter is where it is typed.
  const isMeant = press.getModifierState('AltGraph') || /^[a-z]$/i.test(key);
  if (isMeant || place === undefined || typed === withShift(place)) return [typed];
  // In the row of digits stands what those who use it call the key by; and the keys of the brackets are a pair.
  const isByPlace = isDigit(place) ? !isDigit(key) : isBracket(place) && !isBracket(key);
  return isByPlace && !shiftKey ? [place, typed] : [typed, withShift(place)];
}

/** All names of a press, in the order in which they count; none for a modifier alone. */
export function chordsOf(press: KeyPress, { isMac }: { readonly isMac: boolean }): string[] {
  // AltGr types signs on many layouts; it reports itself as Control and Alt.
  const typesSign = press.getModifierState('AltGraph');
  const mod = !typesSign && (isMac ? press.metaKey : press.ctrlKey);
  const alt = !typesSign && press.altKey;
  return keysOf(press).map((name) => `${mod ? 'Mod+' : ''}${alt ? 'Alt+' : ''}${name}`);
}

/** Of the names of a press the one that other keyboards, and the same one with another layout, have too. */
export const portableChord = (chords: readonly string[]): string | undefined =>
  chords.find((chord) => /^[\x20-\x7e]+$/.test(chord)) ?? chords[0];

/** The parts of a chord: modifiers, and the key last. */
function partsOf(chord: string): string[] {
  // The last plus may be the key itself.
  const parts = chord.endsWith('+') ? [...chord.slice(0, -1).split('+'), '+'] : chord.split('+');
  return parts.filter((part) => part !== '');
}

const SIGNS: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
};

/** A chord as people read it, key by key: ['Ctrl', 'Z'], on a Mac ['⌘', 'Z']. */
export function chordKeys(
  chord: string,
  options: {
    readonly isMac: boolean;
    /** What is printed on the key that a letter, digit or sign stands for. */
    readonly printed?: (sign: string) => string;
  },
): string[] {
  const { isMac, printed = (sign: string) => sign } = options;
  return partsOf(chord).map((part) => {
    if (part === 'Mod') return isMac ? '⌘' : 'Ctrl';
    if (part === 'Shift') return isMac ? '⇧' : 'Shift';
    if (part === 'Alt') return isMac ? '⌥' : 'Alt';
    return SIGNS[part] ?? (part.length === 1 ? printed(part) : part);
  });
}
