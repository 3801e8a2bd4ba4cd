/**
 * What is computed of the objects of the open image beside the hand that draws (canvas/object-teller.ts): a step of its
 * history, which waits for strokes and is asked anew where they change what it was asked about; and a preview.
 */
import { AppError } from '../../shared/errors.ts';
import type { NeckRule } from '../../shared/objects/split-touching.ts';
import { ObjectLayer } from '../canvas/object-layer.ts';
import type { ObjectQuestion, TellObjects, ToldObjects } from '../canvas/object-teller.ts';
import type { AnnotateDocument } from './annotate-document.ts';

/** Milliseconds between looks whether the hand still draws. */
const HAND_MS = 30;

const isStopped = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'cancelled';

interface StepOptions<D> {
  /** What is done, in words. */
  readonly what: string;
  readonly document: D;
  /** Whether a stroke is under way. */
  readonly isPainting: () => boolean;
  /** null: there is nothing to ask. */
  readonly question: (document: D) => ObjectQuestion | null;
}

export class ObjectStep {
  /** What is computed, and how much of it is done, 0 … 1; null: nothing is. */
  working = $state.raw<{ readonly what: string; readonly share: number } | null>(null);
  readonly #tell: TellObjects;
  #ending = new AbortController();

  constructor(tell: TellObjects) {
    this.#tell = tell;
  }

  /** null: there is nothing, it was stopped, or something is computed already. Errors: internal. */
  async compute<D extends Pick<AnnotateDocument, 'layer' | 'objects'>>(
    options: StepOptions<D>,
  ): Promise<ToldObjects | null> {
    if (this.working !== null) return null;
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    const { what, document, isPainting, question } = options;
    const onShare = (share: number) => {
      if (!signal.aborted) this.working = { what, share };
    };
    onShare(0);
    try {
      for (;;) {
        while (isPainting()) await new Promise((resolve) => setTimeout(resolve, HAND_MS));
        const asked = signal.aborted ? null : question(document);
        if (asked === null) return null;
        const changes = watch(document);
        const told = await this.#tell(asked, { signal, onShare }).finally(changes.stop);
        if (!changes.any && !isPainting()) return told;
      }
    } catch (error) {
      if (isStopped(error)) return null;
      throw error;
    } finally {
      if (!signal.aborted) this.working = null;
    }
  }

  /** Nothing is changed. */
  stop(): void {
    this.#ending.abort();
    this.working = null;
  }
}

/** Whether labels or objects change from now on. */
function watch({ layer, objects }: Pick<AnnotateDocument, 'layer' | 'objects'>) {
  let any = false;
  const touch = () => (any = true);
  const ways = [layer.onDirty(touch), objects?.onDirty(touch)];
  return {
    get any() {
      return any;
    },
    stop: () => {
      for (const out of ways) out?.();
    },
  };
}

/** From one movement of a slider to what it would do. */
const DELAY_MS = 80;

export class ObjectPreview {
  /** How objects would come apart; null: nothing is tried. */
  tried = $state.raw<{ readonly layer: ObjectLayer; readonly added: number } | null>(null);
  /** Another one is on its way. */
  isComing = $state(false);
  readonly #tell: TellObjects;
  readonly #fail: (error: unknown) => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ending = new AbortController();

  constructor(tell: TellObjects, fail: (error: unknown) => void) {
    this.#tell = tell;
    this.#fail = fail;
  }

  /** A moment after the last movement; what was shown before stays until then. */
  show(layer: ObjectLayer, rule: NeckRule): void {
    this.#giveUp();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#show(layer, rule).catch(this.#fail);
    }, DELAY_MS);
  }

  /** Errors: internal. */
  async #show(layer: ObjectLayer, rule: NeckRule): Promise<void> {
    const ending = new AbortController();
    const { signal } = ending;
    this.#ending = ending;
    this.isComing = true;
    try {
      const question = { what: 'split', objects: layer.toObjectMap(), rule } as const;
      const { objects, added } = await this.#tell(question, { signal, onShare: () => undefined });
      if (signal.aborted) return;
      const shown = new ObjectLayer(layer.width, layer.height);
      shown.put(shown.become(objects));
      this.tried = { layer: shown, added };
    } catch (error) {
      if (!isStopped(error)) throw error;
    } finally {
      if (!signal.aborted) this.isComing = false;
    }
  }

  #giveUp(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#ending.abort();
    this.isComing = false;
  }

  stop(): void {
    this.#giveUp();
    this.tried = null;
  }
}
