/** Changes of the shape of the class in hand, in the open image: how far they go, and their words. */
import { reshaped, type ShapeChange } from '../../shared/class-shape.ts';
import { LabelLayer } from '../canvas/label-layer.ts';
import type { AnnotateDocument } from './annotate-document.ts';

const MOST = { radiusPx: 50, areaPx: 1_000_000 };

const within = (value: number, most: number) => Math.min(most, Math.max(1, Math.round(value)));

export class AnnotateRefine {
  radiusPx = $state.raw(1);
  areaPx = $state.raw(50);

  setRadius(px: number): void {
    if (Number.isFinite(px)) this.radiusPx = within(px, MOST.radiusPx);
  }

  setArea(px: number): void {
    if (Number.isFinite(px)) this.areaPx = within(px, MOST.areaPx);
  }

  /** One step of the history. Returns whether any pixel changed. */
  apply(
    change: ShapeChange,
    options: {
      readonly document: AnnotateDocument;
      readonly value: number;
      readonly className: string;
      readonly blank: number;
      readonly keepOthers: boolean;
    },
  ): boolean {
    const { document, className, ...of } = options;
    const { layer, history } = document;
    const { radiusPx, areaPx } = this;
    const map = reshaped(layer.toLabelMap(), { ...of, change, radiusPx, areaPx });
    const edit = layer.edit();
    edit.replaceAll(
      LabelLayer.of(map, {
        size: { width: map.width, height: map.height },
        at: { x: 0, y: 0 },
        blank: options.blank,
      }),
    );
    return history.commit(edit, { kind: 'record', label: `${this.#words(change)}, ${className}` });
  }

  #words(change: ShapeChange): string {
    const { radiusPx, areaPx } = this;
    return {
      grow: `Grown by ${radiusPx} px`,
      shrink: `Shrunk by ${radiusPx} px`,
      smooth: `Smoothed by ${radiusPx} px`,
      fillHoles: `Holes filled up to ${areaPx} px`,
      removeSmall: `Removed below ${areaPx} px`,
    }[change];
  }
}
