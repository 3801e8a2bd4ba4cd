/**
 * What the image in view is cut into while one paints by the patch: made anew as the view, the size or how the image is
 * shown changes, and never under a stroke.
 */
import type { PatchKind } from '../../shared/assist/patches.ts';
import type { DisplayedImage } from '../../shared/display.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { type MakePatches, patchRequest } from '../canvas/patch-maker.ts';
import { PatchMap } from '../canvas/patch-map.ts';
import { type PatchRegion, patchRegion } from '../canvas/patch-region.ts';
import type { Rect } from '../canvas/viewport.ts';

export type PatchState =
  | { readonly kind: 'off' }
  | { readonly kind: 'working' }
  | { readonly kind: 'shown' }
  | { readonly kind: 'failed'; readonly message: string };

interface Surroundings {
  readonly displayed: () => DisplayedImage | null;
  /** The part of the image in view. */
  readonly view: () => Rect;
  /** Side of a patch that is wanted, in pixels of the image. */
  readonly sizePx: () => number;
  /** A tool that paints by the patch is in hand. */
  readonly isInHand: () => boolean;
  readonly isPainting: () => boolean;
}

/** What patches were made of, or are being made of. */
interface Made {
  readonly displayed: DisplayedImage;
  readonly region: PatchRegion;
  readonly kind: PatchKind;
}

/** Milliseconds that view and size have to rest. */
const REST_MS = 120;

export class AnnotatePatches {
  state = $state.raw<PatchState>({ kind: 'off' });
  kind = $state.raw<PatchKind>('alike');
  map = $state.raw<PatchMap | null>(null);
  readonly #host: Surroundings;
  readonly #make: MakePatches;
  #made: Made | null = null;
  #running = new AbortController();

  constructor(host: Surroundings, make: MakePatches) {
    this.#host = host;
    this.#make = make;
  }

  setKind(kind: PatchKind): void {
    this.kind = kind;
    this.follow();
  }

  /** Something may have changed: makes patches where others are wanted than there are. */
  follow(): void {
    const { displayed, isInHand, isPainting } = this.#host;
    if (!isInHand()) {
      if (this.#made !== null) this.close();
      return;
    }
    if (isPainting()) return;
    const image = displayed();
    if (image === null) {
      this.close();
      return;
    }
    const last = this.#made?.displayed.pixels === image.pixels ? this.#made.region : null;
    const region = patchRegion({
      ...{ image: image.pixels, view: this.#host.view(), last },
      sizePx: this.#host.sizePx(),
    });
    const { kind } = this;
    if (last === region && this.#made?.displayed === image && this.#made.kind === kind) return;
    // Those of another image are not to be painted by.
    if (this.#made?.displayed.pixels !== image.pixels) this.map = null;
    this.#made = { displayed: image, region, kind };
    this.#begin();
  }

  retry(): void {
    this.#made = null;
    this.follow();
  }

  close(): void {
    this.#running.abort();
    this.#made = null;
    this.map = null;
    this.state = { kind: 'off' };
  }

  #begin(): void {
    this.#running.abort();
    const running = new AbortController();
    this.#running = running;
    const { signal } = running;
    this.state = { kind: 'working' };
    this.#run(signal).catch((error: unknown) => {
      if (signal.aborted || (error instanceof AppError && error.code === 'cancelled')) return;
      this.map = null;
      this.state = { kind: 'failed', message: messageOf(error) };
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const made = this.#made;
    if (signal.aborted || made === null) return;
    const { displayed, region, kind } = made;
    const request = await patchRequest(displayed, region, { kind, signal });
    const patches = await this.#make(request, signal);
    // A stroke goes on with the patches that it began with; those in view come after it.
    while (this.#host.isPainting()) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    signal.throwIfAborted();
    this.map = new PatchMap(patches, region);
    this.state = { kind: 'shown' };
  }
}
