/** The keys that the user works with: a preset and his own changes, kept by the engine from start to start. */
import type { Api } from '../api.ts';
import type { ActionId } from './actions.ts';
import { chordKeys, chordsOf } from './chord.ts';
import { type KeyChoice, type KeyMap, keyMap, rebind } from './key-map.ts';

const isMac = navigator.userAgent.includes('Mac');

export class KeyBindings {
  #choice = $state.raw<KeyChoice>({ preset: 'graft', rebound: {} });
  readonly map: KeyMap = $derived(keyMap(this.#choice));
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  get choice(): KeyChoice {
    return this.#choice;
  }

  async load(): Promise<void> {
    this.#choice = (await this.#api.call('settings.read', {})).keys;
  }

  /** Starts over from a preset. */
  async setPreset(preset: string): Promise<void> {
    await this.#store({ preset, rebound: {} });
  }

  async bind(action: ActionId, chords: readonly string[]): Promise<void> {
    await this.#store(rebind(this.#choice, action, chords));
  }

  /** The action that a key press asks for. */
  actionOf(event: KeyboardEvent): ActionId | undefined {
    for (const chord of chordsOf(event, { isMac })) {
      const action = this.map.actionOf(chord);
      if (action !== undefined) return action;
    }
    return undefined;
  }

  /** The name of a press for a new binding, or undefined for a modifier alone. */
  chordOf(event: KeyboardEvent): string | undefined {
    return chordsOf(event, { isMac })[0];
  }

  /** The first key of an action as people read it: "Ctrl Z"; '' where it has none. */
  hint(action: ActionId): string {
    const [first] = this.map.keysOf(action);
    return first === undefined ? '' : this.read(first).join(isMac ? '' : ' ');
  }

  /** A chord key by key. */
  read(chord: string): string[] {
    return chordKeys(chord, { isMac });
  }

  async #store(choice: KeyChoice): Promise<void> {
    this.#choice = choice;
    const rebound = Object.fromEntries(
      Object.entries(choice.rebound).map(([action, chords]) => [action, [...chords]]),
    );
    await this.#api.call('settings.update', { keys: { preset: choice.preset, rebound } });
  }
}
