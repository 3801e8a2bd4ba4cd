/** Giving an action another key: the next press is taken, and a key that another action has is asked about first. */
import type { ActionId } from './actions.ts';
import type { KeyBindings } from './bindings.svelte.ts';

export class Rebinding {
  readonly #keys: KeyBindings;
  readonly #onError: (error: unknown) => void;
  readonly #ownerOf: (chord: string) => string | null;
  /** A key that was pressed and belongs to the window itself: no action can have it. */
  refused = $state.raw<{ readonly chord: string; readonly owner: string } | null>(null);
  /** The action that waits for its new key. */
  waiting = $state.raw<ActionId | null>(null);
  /** A key that is another action's: it stays there (`stop`) or changes hands (`give`). */
  conflict = $state.raw<{
    readonly action: ActionId;
    readonly chord: string;
    readonly holder: ActionId;
  } | null>(null);

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

  start(action: ActionId): void {
    this.stop();
    this.waiting = action;
  }

  stop(): void {
    this.refused = null;
    this.waiting = null;
    this.conflict = null;
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
    const holder = this.#keys.holderOf(event, action);
    this.waiting = null;
    if (holder === null) this.#bind(action, chord);
    else this.conflict = { action, chord, holder };
  };

  #bind(action: ActionId, chord: string): void {
    this.stop();
    this.#keys.bind(action, [chord]).catch(this.#onError);
  }
}
