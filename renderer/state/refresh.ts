/** Asks for what has changed: at once, and while news keeps coming at most every so often. */

/** News comes in bursts while runs start and end. */
const PAUSE_MS = 400;

export class Refresh {
  readonly #load: () => Promise<void>;
  readonly #fail: (error: unknown) => void;
  #isDue = false;
  #under: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `load` asks for all that is due; what goes wrong is told to `fail`. */
  constructor(load: () => Promise<void>, fail: (error: unknown) => void) {
    this.#load = load;
    this.#fail = fail;
  }

  /** Something is due. */
  soon(): void {
    this.#isDue = true;
    if (this.#timer === null && this.#under === null) this.#start();
  }

  /** Resolves when nothing is due any more, without waiting for a pause to end. */
  async settled(): Promise<void> {
    while (this.#isDue || this.#under !== null) {
      if (this.#under === null) this.#start();
      await this.#under;
    }
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isDue = false;
  }

  #start(): void {
    this.stop();
    this.#under = this.#load()
      .catch(this.#fail)
      .finally(() => {
        this.#under = null;
        this.#timer = setTimeout(() => {
          this.#timer = null;
          if (this.#isDue) this.#start();
        }, PAUSE_MS);
      });
  }
}
