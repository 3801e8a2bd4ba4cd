/** The keyboard in front of the user: what its presses are called, and what is printed on its keys. */
import { chordKeys, chordsOf, isBracket, type KeyPress, placeOfSign } from './chord.ts';

/** What each place (KeyboardEvent.code) types without Shift. Chromium and Electron tell it, other browsers do not. */
type Layout = ReadonlyMap<string, string>;

declare global {
  interface Navigator {
    readonly keyboard?: { getLayoutMap(): Promise<Layout> };
  }
}

export class Keyboard {
  readonly isMac: boolean;
  /** null: not known. */
  #layout = $state.raw<Layout | null>(null);
  readonly #navigator: Pick<Navigator, 'userAgent' | 'keyboard'>;

  constructor(from: Pick<Navigator, 'userAgent' | 'keyboard'> = navigator) {
    this.#navigator = from;
    this.isMac = from.userAgent.includes('Mac');
  }

  /** Layouts change while the window is not looked at: to be called whenever it is again. */
  async load(): Promise<void> {
    this.#layout = (await this.#navigator.keyboard?.getLayoutMap()) ?? null;
  }

  chordsOf(press: KeyPress): string[] {
    return chordsOf(press, this);
  }

  /** A chord key by key, as printed. `isTaken`: whether a sign does something else where it is typed. */
  read(chord: string, isTaken: (sign: string) => boolean = () => false): string[] {
    return chordKeys(chord, {
      isMac: this.isMac,
      printed: (sign) => this.#printed(sign, isTaken),
    });
  }

  /** The same in one word: "Ctrl Z", "⌘Z". */
  label(chord: string, isTaken?: (sign: string) => boolean): string {
    return this.read(chord, isTaken).join(this.isMac ? '' : ' ');
  }

  #printed(sign: string, isTaken: (sign: string) => boolean): string {
    const place = placeOfSign(sign);
    // Digits are printed on their row wherever it is, even where Shift has to type them.
    if (this.#layout === null || place === undefined || /^\d$/.test(sign)) return sign;
    // What the row of digits types does not count: its keys are digits (chord.ts).
    const isTyped = [...this.#layout].some(
      ([code, typed]) => typed.toUpperCase() === sign && !code.startsWith('Digit'),
    );
    if (isTyped) return sign;
    const own = this.#layout.get(place)?.toUpperCase();
    if (own === undefined || own.length !== 1) return sign;
    // What the keys of the brackets type does not count either.
    return isTaken(own) && !isBracket(sign) ? sign : own;
  }
}
