/** Cuts objects out by their colours: what is asked for by box, clicks and scribbles, and what is proposed for it. */
import { AppError, messageOf } from '../../shared/errors.ts';
import type { Cut } from '../canvas/cutter.ts';
import { cutRequest, cutShape } from '../canvas/cutter.ts';
import type { LabelLayer } from '../canvas/label-layer.ts';
import type { ProposedMask, Prompts } from '../canvas/tools/tool.ts';

export type CuttingState =
  | { readonly kind: 'ready' }
  /** Clicks alone say too little. */
  | { readonly kind: 'needs box' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'shown' }
  /** Nothing in the box differs from what is around it. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly message: string };

interface Surroundings {
  /** Displayed colour 0xRRGGBB; null where the image is not loaded. */
  readonly displayed: () => ((x: number, y: number) => number) | null;
  readonly scribbles: () => LabelLayer | null;
  /** Class in hand. */
  readonly value: () => number;
  /** Another proposal, or none, is to be seen. */
  readonly changed: () => void;
}

export class AnnotateCuts {
  state = $state.raw<CuttingState>({ kind: 'ready' });
  readonly #host: Surroundings;
  readonly #cut: Cut;
  #prompts: Prompts | null = null;
  #proposed: ProposedMask | null = null;
  #running = new AbortController();

  constructor(host: Surroundings, cut: Cut) {
    this.#host = host;
    this.#cut = cut;
  }

  get proposed(): ProposedMask | null {
    return this.#proposed;
  }

  /** There is one proposal alone; but a key that asks for others must not move the focus to a button. */
  next(): boolean {
    return this.#proposed !== null || this.state.kind === 'asking';
  }

  /** Other prompts, or none. */
  prompt(prompts: Prompts | null): void {
    const before = this.#prompts;
    // A box begins anew: Enter must not paint what was meant before.
    if (prompts === null || prompts.box !== before?.box || prompts.shape !== before.shape) {
      this.#propose(null);
    }
    this.#prompts = prompts;
    this.retry();
  }

  retry(): void {
    this.#running.abort();
    const running = new AbortController();
    this.#running = running;
    this.#run(running.signal).catch((error: unknown) => {
      if (running.signal.aborted) return;
      if (error instanceof AppError && error.code === 'cancelled') return;
      this.state = { kind: 'failed', message: messageOf(error) };
    });
  }

  close(): void {
    this.#running.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const displayed = this.#host.displayed();
    const scribbles = this.#host.scribbles();
    const prompts = this.#prompts;
    if (prompts === null || displayed === null || scribbles === null) {
      this.state = { kind: 'ready' };
      return;
    }
    const seen = { displayed, scribbles, value: this.#host.value() };
    const asked = cutRequest(prompts, seen);
    if (asked === null) {
      this.state = { kind: 'needs box' };
      return;
    }
    this.state = { kind: 'asking' };
    const mask = await cutShape(asked, seen, { cut: this.#cut, signal });
    if (signal.aborted) return;
    this.#propose(mask);
    this.state = { kind: mask === null ? 'nothing' : 'shown' };
  }

  #propose(mask: ProposedMask | null): void {
    this.#proposed = mask;
    this.#host.changed();
  }
}
