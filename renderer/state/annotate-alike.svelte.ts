/**
 * Which class a proposed shape probably has: that of the labelled objects that look most like it, in the open image and in
 * those where shapes were accepted in this sitting. It is said and never taken by itself.
 */
import {
  alikeClass,
  type AlikeClass,
  type KnownLook,
  lookOf,
} from '../../shared/assist/alike-class.ts';
import type { Ground } from '../../shared/objects/rules.ts';
import { forEachSpan } from '../../shared/mask-runs.ts';
import type { FindLooks } from '../canvas/look-finder.ts';
import type { ProposedMask } from '../canvas/tools/tool.ts';
import type { AnnotateDocument } from './annotate-document.ts';

/** A copy of larger images for the comparison would cost more than the word is worth. */
const MOST_BYTES = 64 * 2 ** 20;

interface Surroundings {
  readonly document: () => AnnotateDocument | null;
  readonly ground: () => Ground;
  readonly proposed: () => ProposedMask | null;
  /** Something went wrong that costs the suggestion alone. */
  readonly report: (error: unknown) => void;
}

/** `isThere`: whether it is labelled so still, where it was accepted in this sitting. */
interface Labelled extends KnownLook {
  readonly isThere?: () => boolean;
}

export class AnnotateAlike {
  /** null: nothing is proposed, or it cannot be said. */
  found = $state.raw<AlikeClass | null>(null);
  readonly #host: Surroundings;
  readonly #find: FindLooks;
  /** Objects by image; the promise is there while they are looked for. */
  readonly #known = new Map<number, Labelled[]>();
  #mask: ProposedMask | null = null;

  constructor(host: Surroundings, find: FindLooks) {
    this.#host = host;
    this.#find = find;
  }

  /** Another shape may be proposed now. */
  follow(): void {
    const mask = this.#host.proposed();
    if (mask === this.#mask) return;
    this.#mask = mask;
    const document = this.#host.document();
    if (mask === null || document === null) {
      this.found = null;
      return;
    }
    if (!this.#known.has(document.record.id)) this.#learn(document);
    this.#say(mask, document);
  }

  /** The proposed shape was painted. */
  committed(): void {
    const document = this.#host.document();
    const mask = this.#host.proposed();
    if (mask === null || document === null) return;
    const look = lookOf(document.pixels, mask);
    const value = valueOf(mask, document);
    if (look === null || value === null) return;
    const { record, history } = document;
    const entry = history.lastDone?.id ?? 0;
    // A document that is no longer kept was saved as it was left.
    const kept = new WeakRef(history);
    const isThere = () => kept.deref()?.isDone(entry) ?? true;
    this.#known.set(record.id, [...(this.#known.get(record.id) ?? []), { look, value, isThere }]);
  }

  #say(mask: ProposedMask, document: AnnotateDocument): void {
    const look = lookOf(document.pixels, mask);
    const known = [...this.#known.values()].flat().filter(({ isThere }) => isThere?.() !== false);
    this.found = look === null ? null : alikeClass(look, known);
  }

  /** Looks once at what is labelled in the open image. */
  #learn(document: AnnotateDocument): void {
    const { id } = document.record;
    this.#known.set(id, []);
    const { pixels, layer } = document;
    if (pixels.data.byteLength > MOST_BYTES) return;
    this.#find({ pixels, map: layer.toLabelMap(), ground: this.#host.ground() }).then((looks) => {
      this.#known.set(id, [...looks, ...(this.#known.get(id) ?? [])]);
      const mask = this.#mask;
      if (mask !== null && this.#host.document() === document) this.#say(mask, document);
    }, this.#host.report);
  }
}

/** The class that the first pixel of a shape has by now. */
function valueOf(mask: ProposedMask, { layer }: AnnotateDocument): number | null {
  const { left, top, width } = mask.region;
  let value: number | null = null;
  forEachSpan(mask.runs, width, (y, x0) => {
    if (layer.contains(left + x0, top + y)) value ??= layer.get(left + x0, top + y);
  });
  return value;
}
