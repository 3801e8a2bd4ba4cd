/** Everything that can be done from the keyboard: the palette lists it, the keys start it, `?` shows it. */
import type { Keyboard } from '../keys/keyboard.svelte.ts';

export interface Command {
  readonly id: string;
  readonly title: string;
  /** Heading in the palette and in the list of keys. */
  readonly group: string;
  /** A chord (renderer/keys/chord.ts): `Mod+K`, `?`. */
  readonly keys?: string;
  /** Keys that the view itself listens to, as people read them. */
  readonly hint?: string;
  /** One of many of its kind: the palette lists it only once letters of its name were typed. */
  readonly whenAsked?: boolean;
  readonly run: () => void;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && !['checkbox', 'radio', 'range'].includes(target.type)))
  );
}

export class Commands {
  items = $state.raw<readonly Command[]>([]);
  /** The same list, to be read in effects and their teardown, where `items` is of before the change. */
  #all: readonly Command[] = [];
  readonly #keyboard: Keyboard;

  constructor(keyboard: Keyboard) {
    this.#keyboard = keyboard;
  }

  #set(commands: readonly Command[]): void {
    this.#all = commands;
    this.items = commands;
  }

  /** Offers commands as long as their view is there. Returns how to take them back. */
  add(commands: readonly Command[]): () => void {
    this.#set([...this.#all, ...commands]);
    return () => this.#set(this.#all.filter((item) => !commands.includes(item)));
  }

  /**
   * Starts a command by its id, as menus of the shell do; one that is not offered here does nothing. Where somebody
   * types, the shell undoes the text.
   */
  run(id: string): void {
    if ((id === 'undo' || id === 'redo') && isTyping(document.activeElement)) return;
    this.#all.findLast((command) => command.id === id)?.run();
  }

  /** Title of the command that a chord with Ctrl or Cmd starts in every view; null where it is free. */
  ownerOf(chord: string): string | null {
    if (!chord.startsWith('Mod+')) return null;
    return this.#all.find(({ keys }) => keys === chord)?.title ?? null;
  }

  readonly handleKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.repeat) return;
    for (const chord of this.#keyboard.chordsOf(event)) {
      if (!chord.startsWith('Mod+') && isTyping(event.target)) continue;
      const found = this.#all.findLast(({ keys }) => keys === chord);
      if (found === undefined) continue;
      event.preventDefault();
      found.run();
      return;
    }
  };
}
