/**
 * Names of key presses: `B`, `Shift+[`, `Mod+Z`, `ArrowLeft`. Mod is Control, and Command on a Mac. Signs that need
 * Shift are written as themselves (`?`), and the same press may have two names.
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

/** What physical keys say without Shift on the layout most keyboards share, for chords such as `Shift+[`. */
const UNSHIFTED: Readonly<Record<string, string>> = {
  BracketLeft: '[',
  BracketRight: ']',
  Minus: '-',
  Equal: '=',
  Comma: ',',
  Period: '.',
  Slash: '/',
};

const MODIFIER_KEYS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph']);

const isLetter = (key: string) => key.length === 1 && key.toLowerCase() !== key.toUpperCase();

/** All names of a press, the plainest first; none for a modifier alone. */
export function chordsOf(press: KeyPress, { isMac }: { readonly isMac: boolean }): string[] {
  const { key, code } = press;
  if (MODIFIER_KEYS.has(key)) return [];
  // AltGr types signs on many layouts; it reports itself as Control and Alt.
  const typesSign = press.getModifierState('AltGraph');
  const mod = !typesSign && (isMac ? press.metaKey : press.ctrlKey);
  const alt = !typesSign && press.altKey;
  const prefix = `${mod ? 'Mod+' : ''}${alt ? 'Alt+' : ''}`;
  if (key === ' ') return [`${prefix}${press.shiftKey ? 'Shift+' : ''}Space`];
  if (isLetter(key)) {
    const shift = press.shiftKey ? 'Shift+' : '';
    const typed = `${prefix}${shift}${key.toUpperCase()}`;
    // Where letters are not Latin, the key in the same place counts: B is also И.
    const latin = /^[a-z]$/i.test(key) ? undefined : /^Key([A-Z])$/.exec(code)?.[1];
    return latin === undefined ? [typed] : [typed, `${prefix}${shift}${latin}`];
  }
  if (key.length > 1) return [`${prefix}${press.shiftKey ? 'Shift+' : ''}${key}`];
  if (!press.shiftKey) return [`${prefix}${key}`];
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  const base = digit ?? UNSHIFTED[code];
  return base === undefined ? [`${prefix}${key}`] : [`${prefix}${key}`, `${prefix}Shift+${base}`];
}

const SIGNS: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
};

/** A chord as people read it, key by key: ['Ctrl', 'Z'], on a Mac ['⌘', 'Z']. */
export function chordKeys(chord: string, { isMac }: { readonly isMac: boolean }): string[] {
  // The last plus may be the key itself.
  const parts = chord.endsWith('+') ? [...chord.slice(0, -1).split('+'), '+'] : chord.split('+');
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      if (part === 'Mod') return isMac ? '⌘' : 'Ctrl';
      if (part === 'Shift') return isMac ? '⇧' : 'Shift';
      if (part === 'Alt') return isMac ? '⌥' : 'Alt';
      return SIGNS[part] ?? part;
    });
}
