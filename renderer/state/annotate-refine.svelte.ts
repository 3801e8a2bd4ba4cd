/** Changes of the shape of the class in hand, in the open image: how far they go, their words, and one after the other. */
import type { ShapeChange } from '../../shared/class-shape.ts';
import { putChanges, type Reshape } from '../canvas/reshaper.ts';
import type { AnnotateDocument } from './annotate-document.ts';
import type { AnnotateTools } from './annotate-tools.svelte.ts';

/** Of a distance and of an area, in pixels. */
export const MOST = { radiusPx: 50, areaPx: 1_000_000 };
/** Milliseconds between looks whether the hand still draws. */
const HAND_MS = 30;

const within = (value: number, most: number) => Math.min(most, Math.max(1, Math.round(value)));

interface Surroundings {
  readonly document: () => AnnotateDocument | null;
  readonly blank: () => number;
  readonly className: (value: number) => string;
  readonly notify: (text: string) => void;
  /** The history has another step. */
  readonly changed: () => void;
}

export class AnnotateRefine {
  radiusPx = $state.raw(1);
  areaPx = $state.raw(50);
  /** What is being computed. */
  working = $state.raw<ShapeChange | null>(null);
  readonly #tools: AnnotateTools;
  readonly #host: Surroundings;
  readonly #reshape: Reshape;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: { tools: AnnotateTools; host: Surroundings; reshape: Reshape }) {
    this.#tools = options.tools;
    this.#host = options.host;
    this.#reshape = options.reshape;
  }

  setRadius(px: number): void {
    if (Number.isFinite(px)) this.radiusPx = within(px, MOST.radiusPx);
  }

  setArea(px: number): void {
    if (Number.isFinite(px)) this.areaPx = within(px, MOST.areaPx);
  }

  /**
   * Changes the shape of the class in hand all over the open image, as one step: less the pixels that are painted while it
   * is computed. Errors: internal.
   */
  async apply(change: ShapeChange): Promise<void> {
    const document = this.#host.document();
    const { value, keepOthers } = this.#tools.settings;
    const blank = this.#host.blank();
    if (document === null || value === blank) return;
    const { radiusPx, areaPx } = this;
    const run = this.#queue.then(() =>
      this.#apply(document, { change, value, blank, keepOthers, radiusPx, areaPx }),
    );
    this.#queue = run.catch(() => undefined);
    await run;
  }

  async #apply(document: AnnotateDocument, options: Parameters<Reshape>[1]): Promise<void> {
    const { change, value } = options;
    const className = this.#host.className(value);
    const { editor } = this.#tools;
    editor.finish();
    this.working = change;
    try {
      const before = document.layer.toLabelMap();
      const after = await this.#reshape(before, options);
      // A stroke under way comes first.
      while (editor.isPainting) await new Promise((resolve) => setTimeout(resolve, HAND_MS));
      if (this.#host.document() !== document) {
        const { name } = document.record;
        this.#host.notify(
          `${name} was left before ${className} was changed there: it is as it was.`,
        );
        return;
      }
      const edit = document.layer.edit();
      putChanges(edit, { before, after });
      const label = `${wordsOf(options)}, ${className}`;
      if (document.history.commit(edit, { kind: 'record', label })) this.#host.changed();
      else this.#host.notify(`Nothing of ${className} changes by that in this image.`);
    } finally {
      this.working = null;
    }
  }
}

const wordsOf = ({ change, radiusPx, areaPx }: Parameters<Reshape>[1]): string =>
  ({
    grow: `Grown by ${radiusPx} px`,
    shrink: `Shrunk by ${radiusPx} px`,
    smooth: `Smoothed by ${radiusPx} px`,
    fillHoles: `Holes filled up to ${areaPx} px`,
    removeSmall: `Removed below ${areaPx} px`,
  })[change];
