/**
 * What a tool is: a state machine driven by pointer events in image pixels, without a DOM, and what editor, rail and
 * keys have to know of it. The editor (canvas/editor.ts) turns screen events into these, owns the gestures that every
 * tool shares (pan, zoom, resize), and decides what paint a stroke puts down. Which tools there are: all-tools.ts.
 */
import type { LabelEdit, LabelLayer, Paint } from '../label-layer.ts';
import type { PredictionRegion, PromptPoint } from '../../../shared/api.ts';
import type { ShownPrediction } from '../accept.ts';
import type { ObjectHands } from '../object-hands.ts';
import type { ObjectLayer } from '../object-layer.ts';
import type { PatchMap } from '../patch-map.ts';
import type { ImagePoint, Rect } from '../viewport.ts';

export interface Modifiers {
  readonly shift: boolean;
  /** Control, Command on a Mac, or the right button: erases for the moment. */
  readonly ctrl: boolean;
  readonly alt: boolean;
}

export const NO_MODIFIERS: Modifiers = { shift: false, ctrl: false, alt: false };

/** Which setting is the diameter of what a tool draws with, in image pixels (EditorSettings); of patches, their side. */
export type SizeSetting = 'brushSizePx' | 'scribbleSizePx' | 'patchSizePx';

/** One event of the pointer that a tool follows. `cancel` takes the whole gesture back. */
export interface ToolEvent {
  readonly kind: 'down' | 'move' | 'up' | 'cancel';
  readonly at: ImagePoint;
  /** Where the pointer was since the last event, `at` last. */
  readonly path: readonly ImagePoint[];
  readonly modifiers: Modifiers;
  /** Clicks in quick succession: 2 for a double click. */
  readonly clicks: number;
}

export type ToolKey = 'enter' | 'escape' | 'backspace' | 'tab';

/** A mask that a helper proposes: run lengths in a part of the image (shared/mask-runs.ts). */
export interface ProposedMask {
  readonly region: PredictionRegion;
  readonly runs: readonly number[];
}

/** An object as it is painted, which is to be mended. */
export interface PaintedShape extends ProposedMask {
  readonly value: number;
  /** Its number; 0 where objects are not told apart. */
  readonly object: number;
}

/** What a helper is asked for a mask by, in pixels of the image. */
export interface Prompts {
  readonly points: readonly PromptPoint[];
  readonly box: Rect | null;
  readonly shape: PaintedShape | null;
}

/** What a tool shows beside the pixels, in image coordinates. */
export type Preview =
  | {
      readonly kind: 'rings';
      /** Closed rings, filled by the even-odd rule. */
      readonly rings: readonly (readonly ImagePoint[])[];
      /** The ring that is being drawn, up to the pointer. */
      readonly open: readonly ImagePoint[];
      /** Corners that can be taken hold of. */
      readonly handles: boolean;
    }
  | { readonly kind: 'box'; readonly a: ImagePoint; readonly b: ImagePoint }
  /** A line that was drawn, with nothing in it. */
  | { readonly kind: 'line'; readonly points: readonly ImagePoint[] }
  | ({ readonly kind: 'prompts' } & Prompts);

/** A change under way. Every stroke is one entry of the history. */
export interface Stroke {
  readonly edit: LabelEdit;
  readonly paint: Paint;
  commit(): void;
  revert(): void;
}

/** What the editor lends to a tool. */
export interface ToolContext {
  readonly layer: LabelLayer;
  /** What erasing leaves: the background, or ignore in a dataset without one. */
  readonly blank: number;
  /** Diameter of what the tool draws with, in image pixels. */
  readonly brushSizePx: number;
  /** Of the wand: largest difference of displayed intensity from the pixel clicked, 0 … 255 in any of R, G, B. */
  readonly tolerance: number;
  /** Displayed colour 0xRRGGBB; null where the image is not loaded. */
  readonly displayed: ((x: number, y: number) => number) | null;
  /** What a network predicts for this image, where it is shown. */
  readonly prediction: ShownPrediction | null;
  /** What the image is cut into; null where nobody paints by the patch, and until it is. */
  readonly patches: PatchMap | null;
  /** Objects of the image; null where nobody asks for them. */
  readonly objects: ObjectHands | null;
  /** Device pixels per image pixel: how near is near. */
  readonly zoom: number;
  /**
   * Begins a change: to the chosen class, to `value` instead, or to `blank`. `label`: in the history, where the tool's own
   * says too little. `object`: the object that is painted, or null: several, or none; left out: as the user has it.
   * `taken`: a prediction whose objects come with its labels, in the place of `object`.
   */
  begin(options: {
    readonly erase: boolean;
    readonly value?: number;
    readonly label?: string;
    readonly object?: number | null;
    readonly taken?: { readonly layer: LabelLayer; readonly objects: ObjectLayer };
  }): Stroke;
  /** Takes over something of the prediction, of which a part may be missing: now, or once all of it is there. */
  onceWhole(take: (context: ToolContext) => void): void;
  /** Asks what a network predicts in a part of the image. */
  predict(area: Rect): void;
  /** What was proposed for the prompts of the tool. */
  readonly proposed: ProposedMask | null;
  /** Goes to another proposal; false where there is one alone, or none. */
  nextProposal(): boolean;
}

export interface Tool {
  pointer(event: ToolEvent, context: ToolContext): void;
  /** Returns whether the key meant something to the tool. */
  key(key: ToolKey, context: ToolContext): boolean;
  /** Ends whatever is unfinished, keeping the work: another tool or image is coming. */
  finish(context: ToolContext): void;
  /** Where what is unfinished was made in several steps. Without it one gesture is one step. */
  readonly steps?: ToolSteps;
  readonly preview: Preview | null;
  /** What a mask is asked for by; null: for none. Another value whenever it changes. */
  readonly prompts?: Prompts | null;
  /** Whether a gesture is under way, so that undo and navigation have to wait for or end it. */
  readonly busy: boolean;
}

/** Undo and redo before anything is in the labels, and so in the history of strokes. */
export interface ToolSteps {
  /** Takes back the last step; false where there is none. */
  undo(): boolean;
  /** Brings back the step taken back last; false where there is none. */
  redo(): boolean;
  readonly canRedo: boolean;
}

/** One tool for everybody who has to know of it, but for its picture (views/annotate/ToolRail.svelte). */
export interface ToolDescriptor {
  readonly title: string;
  /** One line on how it is used. */
  readonly hint: string;
  /** Keys that take it in hand, unless the user wants others. */
  readonly keys: readonly string[];
  /** Which setting its options and the keys for sizes change; a size can be dragged with Alt as well. */
  readonly adjusts?: SizeSetting | 'tolerance';
  /** Whether it draws scribbles, which are no labels: a helper learns from them. */
  readonly scribbles?: boolean;
  /** Whether it paints whole patches, which are seen while it is in hand. */
  readonly paintsPatches?: boolean;
  /** Whether it erases, whatever class is in hand. */
  readonly erases?: boolean;
  /** Whether the press alone does its work, so that there is nothing to let go of. */
  readonly byClick?: boolean;
  /** Whether every drag moves the image, and nothing is painted. */
  readonly moves?: boolean;
  /** Whether it takes pixels over from a prediction, and so needs one. */
  readonly needsPrediction?: boolean;
  /** Whether it asks a trained network, and so needs one; it paints nothing. */
  readonly needsNetwork?: boolean;
  /** Who proposes masks for it: a promptable network (clicks), or how the image's colours divide (cuts). */
  readonly asksForMasks?: 'click' | 'cut';
  create(): Tool;
}
