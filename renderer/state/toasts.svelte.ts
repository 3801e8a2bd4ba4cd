/** Short messages in the corner: what was done, and what failed and what to do about it. */
import { AppError, messageOf } from '../../shared/errors.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'info' | 'good' | 'bad';
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

/** Long enough to read two lines; errors, and what offers something to do, stay until they are closed. */
const SHOWN_MS = 6000;
const MAX_SHOWN = 4;

export class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  #nextId = 1;
  readonly #note: (error: unknown) => void;

  /** `note` is told of everything that went wrong. */
  constructor(note: (error: unknown) => void) {
    this.#note = note;
  }

  show(tone: Toast['tone'], text: string, action: Toast['action'] = null): void {
    // The same trouble twice is one trouble.
    const others = this.items.filter((toast) => toast.text !== text);
    const id = this.#nextId++;
    this.items = [...others, { id, tone, text, action }].slice(-MAX_SHOWN);
    if (tone !== 'bad' && action === null) setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  /** Says what went wrong; what was stopped on purpose is no news. */
  error(error: unknown): void {
    if (error instanceof AppError && error.code === 'cancelled') return;
    this.#note(error);
    this.show('bad', messageOf(error));
  }

  dismiss(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id);
  }
}
