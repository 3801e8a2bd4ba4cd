/** Short messages in the corner: what was done, and what failed and what to do about it. */
import { AppError, messageOf } from '../../shared/errors.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'info' | 'good' | 'bad';
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

const MAX_SHOWN = 4;
/** To notice it, and to read it slowly, of a minute of 900 characters. */
const NOTICED_MS = 4000;
const READ_MS = 65;
/** What went wrong is read more than once, and what offers something to do is thought about. */
const TIMES_LONGER = 2;

/** How long a message stays, by one rule for all: until it is read, and twice as long where something is to be done. */
export function shownMs({ tone, text, action }: Pick<Toast, 'tone' | 'text' | 'action'>): number {
  const once = NOTICED_MS + READ_MS * text.length;
  return tone === 'bad' || action !== null ? TIMES_LONGER * once : once;
}

/** The time of one message. */
interface Clock {
  readonly leftMs: number;
  /** performance.now() since when it runs, and what ends it; null: it stands still. */
  readonly running: {
    readonly since: number;
    readonly timer: ReturnType<typeof setTimeout>;
  } | null;
}

export class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  #nextId = 1;
  readonly #note: (error: unknown) => void;
  readonly #clocks = new Map<number, Clock>();
  /** Somebody reads them, or nobody can see them: their time stands still. */
  #isHeld = false;

  /** `note` is told of everything that went wrong. */
  constructor(note: (error: unknown) => void) {
    this.#note = note;
  }

  show(tone: Toast['tone'], text: string, action: Toast['action'] = null): void {
    // The same trouble twice is one trouble.
    for (const { id } of this.items.filter((toast) => toast.text === text)) this.dismiss(id);
    const toast = { id: this.#nextId++, tone, text, action };
    for (const { id } of this.items.slice(0, Math.max(0, this.items.length + 1 - MAX_SHOWN))) {
      this.dismiss(id);
    }
    this.items = [...this.items, toast];
    this.#clocks.set(toast.id, { leftMs: shownMs(toast), running: null });
    if (!this.#isHeld) this.#start(toast.id);
  }

  /** Says what went wrong; what was stopped on purpose is no news. */
  error(error: unknown): void {
    if (error instanceof AppError && error.code === 'cancelled') return;
    this.#note(error);
    this.show('bad', messageOf(error));
  }

  dismiss(id: number): void {
    const running = this.#clocks.get(id)?.running;
    if (running != null) clearTimeout(running.timer);
    this.#clocks.delete(id);
    this.items = this.items.filter((toast) => toast.id !== id);
  }

  /** While the pointer or the focus is on them, or the window is hidden, none goes. */
  hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    for (const id of this.#clocks.keys()) {
      if (isHeld) this.#stop(id);
      else this.#start(id);
    }
  }

  #start(id: number): void {
    const clock = this.#clocks.get(id);
    if (clock === undefined) return;
    const timer = setTimeout(() => this.dismiss(id), clock.leftMs);
    this.#clocks.set(id, { ...clock, running: { since: performance.now(), timer } });
  }

  #stop(id: number): void {
    const clock = this.#clocks.get(id);
    if (clock?.running == null) return;
    clearTimeout(clock.running.timer);
    const leftMs = clock.leftMs - (performance.now() - clock.running.since);
    this.#clocks.set(id, { leftMs, running: null });
  }
}
