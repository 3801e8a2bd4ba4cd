/** Giving an action another key: the next press is taken, and a key that another action has is asked about first. */
import type { ActionId } from './actions.ts';
import type { KeyBindings } from './bindings.svelte.ts';
import { holderOf } from './key-map.ts';

export class Rebinding {
  readonly #keys: KeyBindings;
  readonly #onError: (error: unknown) => void;
  readonly #ownerOf: (chord: string) => string | null;
  /** A key that was pressed and belongs to the window itself: no action can have it. */
  refused = $state.raw<{ readonly chord: string; readonly owner: string } | null>(null);
  /** The action that waits for its new key, and the key that was pressed where somebody else has it. */
  #editing = $state.raw<{ readonly action: ActionId; readonly chord: string | null } | null>(null);

  /** `ownerOf`: title of the command of the window that a chord starts in every view; null where it is free. */
  constructor(options: {
    keys: KeyBindings;
    ownerOf: (chord: string) => string | null;
    onError: (error: unknown) => void;
  }) {
    this.#keys = options.keys;
    this.#ownerOf = options.ownerOf;
    this.#onError = options.onError;
  }

  /** The action whose next press is waited for. */
  get waiting(): ActionId | null {
    return this.#editing?.chord === null ? this.#editing.action : null;
  }

  /** A key that is another action's: it stays there (`stop`) or changes hands (`give`). */
  get conflict(): {
    readonly action: ActionId;
    readonly chord: string;
    readonly holder: ActionId;
  } | null {
    if (this.#editing === null || this.#editing.chord === null) return null;
    const { action, chord } = this.#editing;
    const holder = holderOf(this.#keys.choice, chord, action);
    return holder === null ? null : { action, chord, holder };
  }

  start(action: ActionId): void {
    this.refused = null;
    this.#editing = { action, chord: null };
  }

  stop(): void {
    this.refused = null;
    this.#editing = null;
  }

  give(): void {
    const { conflict } = this;
    if (conflict !== null) this.#bind(conflict.action, conflict.chord);
  }

  /** To be called with every press while `waiting`; Escape changes nothing. */
  readonly take = (event: KeyboardEvent): void => {
    const action = this.waiting;
    if (action === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') {
      this.stop();
      return;
    }
    const chord = this.#keys.chordOf(event);
    if (chord === undefined) return;
    const owner = this.#ownerOf(chord);
    this.refused = owner === null ? null : { chord, owner };
    if (owner !== null) return;
    if (holderOf(this.#keys.choice, chord, action) === null) this.#bind(action, chord);
    else this.#editing = { action, chord };
  };

  #bind(action: ActionId, chord: string): void {
    this.stop();
    this.#keys.bind(action, [chord]).catch(this.#onError);
  }
}
