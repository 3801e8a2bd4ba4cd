/** Undo and redo of a shape in progress: its state before each step. States are values and never changed. */
import type { ToolSteps } from './tool.ts';

export class Steps<State> implements ToolSteps {
  readonly #read: () => State;
  readonly #restore: (state: State) => void;
  #past: State[] = [];
  #future: State[] = [];

  constructor(options: { readonly read: () => State; readonly restore: (state: State) => void }) {
    this.#read = options.read;
    this.#restore = options.restore;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** To be called before every step. What had been taken back is gone. */
  begin(): void {
    this.#past.push(this.#read());
    this.#future = [];
  }

  undo(): boolean {
    return this.#go(this.#past, this.#future);
  }

  redo(): boolean {
    return this.#go(this.#future, this.#past);
  }

  /** The shape is painted or dropped. */
  clear(): void {
    this.#past = [];
    this.#future = [];
  }

  #go(from: State[], to: State[]): boolean {
    const state = from.pop();
    if (state === undefined) return false;
    to.push(this.#read());
    this.#restore(state);
    return true;
  }
}
