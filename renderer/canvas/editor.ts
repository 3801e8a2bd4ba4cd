/**
 * One image under the pointer: routes screen events to pan, zoom, resize or the tool in hand, and makes strokes out of
 * the chosen class. Headless; the component (Canvas.svelte) only translates DOM events, and paint.ts only looks.
 */
import { NO_OBJECT } from '../../shared/objects/object-map.ts';
import { objectsTaken, type ShownPrediction } from './accept.ts';
import { clampSize, type EditorSettings } from './editor-settings.ts';
import type { History, ObjectChange } from './history.ts';
import type { LabelEdit, LabelLayer, Paint } from './label-layer.ts';
import type { ObjectHands } from './object-hands.ts';
import type { ObjectDraft, ObjectLayer } from './object-layer.ts';
import type { PatchMap } from './patch-map.ts';
import { TOOL_NAMES, type ToolName, TOOLS } from './tools/all-tools.ts';
import {
  type Modifiers,
  NO_MODIFIERS,
  type Preview,
  type Prompts,
  type ProposedMask,
  type SizeSetting,
  type Stroke,
  type Tool,
  type ToolContext,
  type ToolDescriptor,
  type ToolEvent,
  type ToolKey,
} from './tools/tool.ts';
import {
  fit,
  panBy,
  resized,
  screenPoint,
  type Rect,
  type ScreenPoint,
  type Size,
  toImage,
  type Viewport,
  zoomAt,
} from './viewport.ts';

/** One pointer event in device pixels of the canvas. */
export interface CanvasPointer {
  readonly kind: 'down' | 'move' | 'up' | 'cancel';
  readonly at: ScreenPoint;
  /** Coalesced positions since the last event, `at` last. */
  readonly path: readonly ScreenPoint[];
  /** 0 left, 1 middle, 2 right; of `down` only. */
  readonly button: number;
  readonly modifiers: Modifiers;
  readonly clicks: number;
}

/** What an editor works on. */
export interface EditedImage {
  readonly layer: LabelLayer;
  /** Drawn over the labels, for helpers; NO_SCRIBBLE where there are none. */
  readonly scribbles: LabelLayer;
  readonly history: History;
  readonly objects?: EditedObjects;
  /** Displayed colour 0xRRGGBB; null where the image is not loaded. */
  readonly displayed: ((x: number, y: number) => number) | null;
  /** What a network predicts, where it is shown. */
  readonly prediction: ShownPrediction | null;
  /** What is proposed for the prompts of the tool in hand, as it is now. */
  readonly proposed: () => ProposedMask | null;
  /** What the image is cut into, as it is now; left out: into nothing. */
  readonly patches?: () => PatchMap | null;
  /** What erasing leaves (shared/foreground.ts). */
  readonly blank: number;
}

/** Objects of an image as strokes meet them. */
export interface EditedObjects {
  readonly hands: ObjectHands;
  /** The object that a stroke of a class belongs to; null: to none, and objects only lose what is painted over. */
  number(value: number): number | null;
  /** A stroke of that object was made. */
  drawn(number: number): void;
  /** Whether labels that are taken over bring their objects; readies the image for them. */
  takes(): boolean;
  /** Objects were taken over. */
  follow(): void;
}

export interface EditorHost {
  settings(): EditorSettings;
  setSettings(settings: EditorSettings): void;
  /** Words for the history: "Brush, nucleus". */
  strokeLabel(tool: ToolName, options: { readonly value: number }): string;
  /** A stroke of a tool has changed pixels. */
  committed(tool: ToolName): void;
  /** Takes over something of the prediction: now, or once all of it is there. */
  onceWhole(take: () => void): void;
  /** Takes back what waits to be taken over; false where nothing does. */
  takeBack(): boolean;
  /** A network is asked what it predicts in a part of the image. */
  predict(area: Rect): void;
  /** Other prompts, or none: masks are asked for, or no longer wanted. */
  prompt(prompts: Prompts | null): void;
  /** Goes to another proposal; false where there is none. */
  nextProposal(): boolean;
  /** Something to be seen has changed; pixels tell of themselves through LabelLayer.onDirty. */
  changed(what: 'view' | 'overlay' | 'history'): void;
}

/** A wheel of 100 units zooms by about a quarter. */
const ZOOM_PER_WHEEL_UNIT = 1.0022;
/** One press of a zoom key. */
export const ZOOM_STEP = 1.5;

type Gesture =
  | { readonly kind: 'pan'; last: ScreenPoint }
  | {
      readonly kind: 'resize';
      readonly of: SizeSetting;
      readonly from: ScreenPoint;
      readonly startPx: number;
    }
  | { readonly kind: 'tool' };

export class Editor {
  readonly #host: EditorHost;
  readonly #tools: ReadonlyMap<ToolName, Tool> = new Map(
    TOOL_NAMES.map((name) => [name, TOOLS[name].create()]),
  );
  #image: EditedImage | null = null;
  #view: Viewport;
  #gesture: Gesture | null = null;
  #held: Modifiers = NO_MODIFIERS;
  /** The edit of a stroke under way. */
  #openEdit: Stroke['edit'] | null = null;
  /** Last place of the pointer; null while it is elsewhere. */
  #pointer: ScreenPoint | null = null;
  /** How many strokes were done when the shape in progress was last touched: its steps come after them. */
  #stepsAfter = 0;
  /** What masks were asked for by last. */
  #prompts: Prompts | null = null;
  /** The pointer was moved by keys last: nothing else shows where it is. */
  #byKeys = false;
  /** While true every drag moves the image. */
  panning = false;

  constructor(host: EditorHost) {
    this.#host = host;
    this.#view = fit({ width: 1, height: 1 }, { width: 1, height: 1 });
  }

  get view(): Viewport {
    return this.#view;
  }

  get preview(): Preview | null {
    return this.#tool.preview;
  }

  /** A mask that is no label yet: what is proposed, or the patch that a press would paint. */
  get proposed(): ProposedMask | null {
    if (this.#kind.paintsPatches === true) {
      const { cursor } = this;
      const at = cursor === null ? null : toImage(this.#view, cursor.at);
      return at === null ? null : (this.#image?.patches?.()?.under(at) ?? null);
    }
    return this.#prompts === null ? null : (this.#image?.proposed() ?? null);
  }

  /** A stroke or shape is unfinished. */
  get busy(): boolean {
    return this.#tool.busy;
  }

  /** Pixels are being changed. */
  get isPainting(): boolean {
    return this.#openEdit !== null;
  }

  get isPanning(): boolean {
    return this.panning || this.#gesture?.kind === 'pan' || this.#kind.moves === true;
  }

  /** The image is being moved right now. */
  get isDragging(): boolean {
    return this.#gesture?.kind === 'pan';
  }

  /** What the cursor says: where, how large, whether it would erase, and whether no mouse shows it already. */
  get cursor(): {
    at: ScreenPoint;
    brushSizePx: number | null;
    erases: boolean;
    byKeys: boolean;
  } | null {
    if (this.#pointer === null || this.#image === null || this.isPanning) return null;
    const { erases = false } = this.#kind;
    // The patch itself is seen; its size only while it is changed.
    const isPatch = this.#kind.paintsPatches === true && this.#gesture?.kind !== 'resize';
    const size = isPatch ? null : this.#size;
    const at = this.#gesture?.kind === 'resize' ? this.#gesture.from : this.#pointer;
    return {
      at,
      brushSizePx: size === null ? null : this.#host.settings()[size],
      erases: erases || this.#held.ctrl,
      byKeys: this.#byKeys,
    };
  }

  /**
   * Another image, the same with other pixels to look at, or none. Unfinished work is kept in the image it belongs to.
   */
  open(image: EditedImage | null): void {
    const same = image !== null && image.layer === this.#image?.layer;
    if (!same) this.finish();
    this.#image = image;
    if (image !== null && !same) this.setView(fit(image.layer, this.#view.screen));
  }

  setView(view: Viewport): void {
    this.#view = view;
    this.#host.changed('view');
  }

  resize(screen: Size): void {
    const fitted = this.#view.zoom === fit(this.#view.image, this.#view.screen).zoom;
    this.setView(fitted ? fit(this.#view.image, screen) : resized(this.#view, screen));
  }

  wheel(at: ScreenPoint, deltaY: number): void {
    this.setView(zoomAt(this.#view, at, this.#view.zoom * ZOOM_PER_WHEEL_UNIT ** -deltaY));
  }

  setSettings(change: Partial<EditorSettings>): void {
    const settings = this.#host.settings();
    if (change.tool !== undefined && change.tool !== settings.tool) this.finish();
    this.#host.setSettings({ ...settings, ...change });
    this.#host.changed('overlay');
  }

  /** Which modifier keys are down, told by the keyboard, so that the cursor shows what would happen. */
  hold(modifiers: Modifiers): void {
    this.#held = modifiers;
    this.#host.changed('overlay');
  }

  pointer(event: CanvasPointer): void {
    this.#byKeys = false;
    this.#point(event);
  }

  #point(event: CanvasPointer): void {
    if (event.kind === 'down') this.#begin(event);
    this.#pointer = event.at;
    this.#held = event.modifiers;
    this.#follow(event);
    this.#tellPrompts();
    if (event.kind === 'up' || event.kind === 'cancel') this.#gesture = null;
    this.#host.changed('overlay');
  }

  /** Moves the pointer by device pixels, from the keyboard; at the edge of the screen the image moves instead. */
  nudge(dx: number, dy: number): void {
    const { width, height } = this.#view.screen;
    const from = this.#pointer ?? screenPoint(width / 2, height / 2);
    const x = Math.min(width, Math.max(0, from.x + dx));
    const y = Math.min(height, Math.max(0, from.y + dy));
    const [beyondX, beyondY] = [from.x + dx - x, from.y + dy - y];
    if (beyondX !== 0 || beyondY !== 0) this.setView(panBy(this.#view, -beyondX, -beyondY));
    this.#fromKeyboard('move', screenPoint(x, y));
  }

  /** What the mouse button does, from the keyboard: once to press, once more to let go, or both for single clicks. */
  press(): void {
    const { width, height } = this.#view.screen;
    const at = this.#pointer ?? screenPoint(width / 2, height / 2);
    if (this.#gesture !== null) {
      this.#fromKeyboard('up', at);
      return;
    }
    this.#fromKeyboard('down', at);
    if (this.#kind.byClick === true) this.#fromKeyboard('up', at);
  }

  #fromKeyboard(kind: CanvasPointer['kind'], at: ScreenPoint): void {
    this.#byKeys = true;
    this.#point({ kind, at, path: [at], button: 0, modifiers: NO_MODIFIERS, clicks: 1 });
  }

  leave(): void {
    this.#pointer = null;
    this.#host.changed('overlay');
  }

  key(key: ToolKey): boolean {
    const context = this.#context();
    const used = context !== null && this.#tool.key(key, context);
    if (used) this.#shapeChanged();
    return used;
  }

  #tellPrompts(): void {
    const prompts = this.#tool.prompts ?? null;
    if (prompts === this.#prompts) return;
    this.#prompts = prompts;
    this.#host.prompt(prompts);
  }

  #shapeChanged(): void {
    this.#tellPrompts();
    if (this.busy) this.#stepsAfter = this.#image?.history.position ?? 0;
    else this.#gesture = null;
    this.#host.changed('overlay');
  }

  /** Ends an unfinished stroke or shape and keeps it. */
  finish(): void {
    const context = this.#context();
    if (context !== null) this.#tool.finish(context);
    this.#tellPrompts();
    this.#gesture = null;
    this.#host.changed('overlay');
  }

  get canUndo(): boolean {
    return this.busy || this.#image?.history.canUndo === true;
  }

  get canRedo(): boolean {
    if (this.#stepsAreNext && this.#tool.steps?.canRedo === true) return true;
    return !this.busy && this.#image?.history.canRedo === true;
  }

  /**
   * Takes back one step: of a shape in progress where there is one, or else the last stroke. A gesture that is not made
   * of steps is one; strokes before it stay.
   */
  undo(): void {
    if (this.#host.takeBack()) return;
    if (this.#tool.steps?.undo() === true) {
      this.#shapeChanged();
      return;
    }
    const history = this.#image?.history;
    const { busy } = this;
    const before = history?.lastDone;
    if (busy) this.finish();
    if (!busy || history?.lastDone !== before) history?.undo();
    this.#host.changed('history');
  }

  /** Brings back what was taken back last: strokes before the steps of a shape that came after them. */
  redo(): void {
    if (this.#stepsAreNext && this.#tool.steps?.redo() === true) {
      this.#shapeChanged();
      return;
    }
    if (this.busy) return;
    this.#image?.history.redo();
    this.#host.changed('history');
  }

  get #stepsAreNext(): boolean {
    return this.busy || this.#image?.history.position === this.#stepsAfter;
  }

  goTo(position: number): void {
    this.finish();
    this.#image?.history.goTo(position);
    this.#host.changed('history');
  }

  get #kind(): ToolDescriptor {
    return TOOLS[this.#host.settings().tool];
  }

  /** Which setting is the size of the tool in hand. */
  get #size(): SizeSetting | null {
    const { adjusts = 'tolerance' } = this.#kind;
    return adjusts === 'tolerance' ? null : adjusts;
  }

  get #tool(): Tool {
    const { tool } = this.#host.settings();
    const found = this.#tools.get(tool);
    if (found === undefined) throw new Error(`no tool is called ${tool}`);
    return found;
  }

  #begin({ at, button, modifiers }: CanvasPointer): void {
    const of = this.#size;
    if (this.isPanning || button === 1) this.#gesture = { kind: 'pan', last: at };
    else if (modifiers.alt && of !== null) {
      this.#gesture = { kind: 'resize', of, from: at, startPx: this.#host.settings()[of] };
    } else this.#gesture = { kind: 'tool' };
  }

  #follow(event: CanvasPointer): void {
    const gesture = this.#gesture;
    if (gesture?.kind === 'pan') {
      this.setView(panBy(this.#view, event.at.x - gesture.last.x, event.at.y - gesture.last.y));
      gesture.last = event.at;
    } else if (gesture?.kind === 'resize') {
      // The ring's edge follows the pointer: a diameter grows twice as fast as a radius.
      const grown = gesture.startPx + (2 * (event.at.x - gesture.from.x)) / this.#view.zoom;
      this.setSettings({
        [gesture.of]: clampSize(gesture.of, event.kind === 'cancel' ? gesture.startPx : grown),
      });
    } else if (gesture !== null || event.kind === 'move') {
      const context = this.#context();
      if (context !== null) this.#tool.pointer(this.#toolEvent(event), context);
      this.#openEdit?.flush();
      if (this.busy) this.#stepsAfter = this.#image?.history.position ?? 0;
    }
  }

  #toolEvent({ kind, at, path, clicks, modifiers, button }: CanvasPointer): ToolEvent {
    return {
      kind,
      at: toImage(this.#view, at),
      path: path.map((point) => toImage(this.#view, point)),
      clicks,
      modifiers: { ...modifiers, ctrl: modifiers.ctrl || (kind === 'down' && button === 2) },
    };
  }

  /** Of the tool in hand, or of one that was. */
  #context(tool = this.#host.settings().tool): ToolContext | null {
    if (this.#image === null) return null;
    // What the right button makes: background with every tool, and where there is none, what nobody drew on.
    const { layer: labels, blank, history, displayed, prediction, objects } = this.#image;
    const settings = this.#host.settings();
    const { value, tolerance } = settings;
    const isScribble = TOOLS[tool].scribbles === true;
    const layer = isScribble ? this.#image.scribbles : labels;
    const keepOthers = settings.keepOthers && !isScribble;
    return {
      layer,
      blank,
      brushSizePx: settings[this.#size ?? 'brushSizePx'],
      tolerance,
      displayed,
      prediction,
      patches: this.#image.patches?.() ?? null,
      objects: objects?.hands ?? null,
      zoom: this.#view.zoom,
      predict: (area) => this.#host.predict(area),
      proposed: this.proposed,
      nextProposal: () => this.#host.nextProposal(),
      onceWhole: (take) =>
        this.#host.onceWhole(() => {
          const later = this.#context(tool);
          if (later !== null) take(later);
        }),
      begin: ({ erase, value: other = value, label: own, object, taken }) => {
        const told = taken !== undefined && !erase && !isScribble && objects?.takes() === true;
        const edit = layer.edit();
        this.#openEdit = edit;
        const paint = erase
          ? { value: blank, only: keepOthers ? other : null }
          : { value: other, only: keepOthers ? blank : null };
        const found = object === undefined ? objects?.number(paint.value) : object;
        const number = erase || isScribble ? null : (found ?? null);
        if (number !== null || told) edit.remember();
        const end = () => {
          this.#openEdit = null;
          this.#host.changed('history');
        };
        return {
          edit,
          paint,
          commit: () => {
            const label = own ?? this.#host.strokeLabel(tool, { value: paint.value });
            const change: ObjectChange | undefined = told
              ? objectsTaken(taken, { edit, only: paint.only })
              : number === null
                ? undefined
                : (all, classes) => drawnObject(all, { classes, edit, paint, number });
            const changed = history.commit(edit, { kind: 'record', label }, change);
            if (changed && told) objects.follow();
            else if (changed && number !== null) objects?.drawn(number);
            end();
            if (changed) this.#host.committed(tool);
          },
          revert: () => {
            edit.revert();
            end();
          },
        };
      },
    };
  }
}

/** What is painted is of one object: all that the stroke covered, or what it could change where others are kept. */
function drawnObject(
  objects: ObjectLayer,
  stroke: {
    readonly classes: Uint8Array | null;
    readonly edit: LabelEdit;
    readonly paint: Paint;
    readonly number: number;
  },
): ObjectDraft {
  const { classes, edit, paint, number } = stroke;
  const draft = objects.after(classes, paint.only === null ? undefined : number);
  for (const { y, x0, x1, value } of edit.covered) {
    if (value === paint.value) {
      if (paint.only === null) draft.fillSpan(y, { x0, x1 }, number);
      continue;
    }
    // What an object loses while it is mended is of none.
    for (let x = x0; x < x1; x++) if (edit.layer.get(x, y) === value) draft.set(x, y, NO_OBJECT);
  }
  return draft;
}
