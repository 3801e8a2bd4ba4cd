/** The keys that the user works with: a preset and changes of their own, kept by the engine from start to start. */
import type { Api } from '../api.ts';
import type { ActionId } from './actions.ts';
import { type KeyPress, portableChord } from './chord.ts';
import { type KeyChoice, type KeyMap, keyMap, rebind } from './key-map.ts';
import type { Keyboard } from './keyboard.svelte.ts';

export class KeyBindings {
  #choice = $state.raw<KeyChoice>({ preset: 'graft', rebound: {} });
  readonly map: KeyMap = $derived(keyMap(this.#choice));
  readonly #api: Api;
  readonly #keyboard: Keyboard;

  constructor(api: Api, keyboard: Keyboard) {
    this.#api = api;
    this.#keyboard = keyboard;
  }

  get choice(): KeyChoice {
    return this.#choice;
  }

  async load(): Promise<void> {
    this.#choice = (await this.#api.call('settings.read', {})).keys;
  }

  /** Follows what another window changes. Returns how to stop. */
  listen(): () => void {
    return this.#api.subscribe((event) => {
      if (event.type !== 'changed' || event.origin === this.#api.origin) return;
      this.#choice = event.changes.settings?.keys ?? this.#choice;
    });
  }

  /** Starts over from a preset. */
  async setPreset(preset: string): Promise<void> {
    await this.#store({ preset, rebound: {} });
  }

  async bind(action: ActionId, chords: readonly string[]): Promise<void> {
    await this.#store(rebind(this.#choice, action, chords));
  }

  /** The action that a key press asks for. */
  actionOf(press: KeyPress): ActionId | undefined {
    return this.#actionsOf(press)[0];
  }

  #actionsOf(press: KeyPress): ActionId[] {
    return this.#keyboard.chordsOf(press).flatMap((chord) => this.map.actionOf(chord) ?? []);
  }

  /** The action that would lose a press, were it given to `action`: by its name, or by the place of its key. */
  holderOf(press: KeyPress, action: ActionId): ActionId | null {
    return this.#actionsOf(press).find((holder) => holder !== action) ?? null;
  }

  /** The name of a press for a new binding, or undefined for a modifier alone. */
  chordOf(press: KeyPress): string | undefined {
    return portableChord(this.#keyboard.chordsOf(press));
  }

  /** The first key of an action as people read it: "Ctrl Z"; '' where it has none. */
  hint(action: ActionId): string {
    const [first] = this.map.keysOf(action);
    return first === undefined ? '' : this.#keyboard.label(first, this.#isBound);
  }

  /** A chord key by key. */
  read(chord: string): string[] {
    return this.#keyboard.read(chord, this.#isBound);
  }

  readonly #isBound = (sign: string): boolean => this.map.actionOf(sign) !== undefined;

  async #store(choice: KeyChoice): Promise<void> {
    this.#choice = choice;
    const rebound = Object.fromEntries(
      Object.entries(choice.rebound).map(([action, chords]) => [action, [...chords]]),
    );
    await this.#api.call('settings.update', { keys: { preset: choice.preset, rebound } });
  }
}
