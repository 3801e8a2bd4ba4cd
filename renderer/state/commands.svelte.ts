/** Everything that can be done from the keyboard: the palette lists it, the keys start it, `?` shows it. */
export interface Command {
  readonly id: string;
  readonly title: string;
  /** Heading in the palette and in the list of keys. */
  readonly group: string;
  /** `Mod+K`, `?`, `Alt+ArrowLeft`; Mod is Ctrl, and Cmd on macOS. */
  readonly keys?: string;
  /** Keys that the view itself listens to, as people read them. */
  readonly hint?: string;
  /** One of many of its kind: the palette lists it only once letters of its name were typed. */
  readonly whenAsked?: boolean;
  readonly run: () => void;
}

const isMac = navigator.userAgent.includes('Mac');

/** A chord as people write it: Ctrl K, ⌘K. */
export function chordLabel(keys: string): string {
  const parts = keys.split('+').map((part) => {
    if (part === 'Mod') return isMac ? '⌘' : 'Ctrl';
    if (part === 'Shift') return isMac ? '⇧' : 'Shift';
    if (part === 'Alt') return isMac ? '⌥' : 'Alt';
    return part.replace('Arrow', '');
  });
  return parts.join(isMac ? '' : ' ');
}

function matches(keys: string, event: KeyboardEvent): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  const mod = isMac ? event.metaKey : event.ctrlKey;
  if (parts.includes('Mod') !== mod || parts.includes('Alt') !== event.altKey) return false;
  // Shift is part of the character for signs such as `?`.
  const sign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  if (!sign && parts.includes('Shift') !== event.shiftKey) return false;
  return event.key.toLowerCase() === key.toLowerCase();
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

  #set(commands: readonly Command[]): void {
    this.#all = commands;
    this.items = commands;
  }

  /** Offers commands as long as their view is there. Returns how to take them back. */
  add(commands: readonly Command[]): () => void {
    this.#set([...this.#all, ...commands]);
    return () => this.#set(this.#all.filter((item) => !commands.includes(item)));
  }

  /** Starts a command by its id, as menus of the shell do; one that is not offered here does nothing. */
  run(id: string): void {
    this.#all.findLast((command) => command.id === id)?.run();
  }

  /** Title of the command that a chord with Ctrl or Cmd starts in every view; null where it is free. */
  ownerOf(chord: string): string | null {
    if (!chord.startsWith('Mod+')) return null;
    return this.#all.find(({ keys }) => keys === chord)?.title ?? null;
  }

  readonly handleKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.repeat) return;
    const found = this.#all.findLast(
      ({ keys }) =>
        keys !== undefined &&
        matches(keys, event) &&
        (keys.startsWith('Mod+') || !isTyping(event.target)),
    );
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  };
}
